"""Eight numbers at once: one SIMD register as a value inside compiled kernels.

numba vectorises a loop over eight pixels only where it can prove that no arrays
overlap, which it seldom can. Kernels that work on eight pixels side by side therefore
name the register themselves. Arrays are (rows, 8) float64, C-contiguous; ``load`` takes
a row, ``+ - * /`` and comparisons work on all eight lanes. LLVM turns it into whatever
the processor has: one AVX-512, two AVX or four SSE/NEON registers.

Without numba the same kernels run on numpy arrays of eight: slow, but the same.
Multiplications and additions may be fused, as in BLAS.
"""

import operator
import threading

import numpy as np

#: Lanes of a register, a multiple of every processor's own.
WIDTH = 8

_LOCK = threading.Lock()
_READY: list = []


class Eight(np.ndarray):
    """What stands for a register without numba: never changed in place."""

    def __iadd__(self, other):  # type: ignore[misc]
        return self + other

    def __isub__(self, other):  # type: ignore[misc]
        return self - other


def load(array, row):
    """Row of an array (rows, 8)."""
    return array[row].copy().view(Eight)


def store(array, row, lanes):
    """Write a row of an array (rows, 8)."""
    array[row] = lanes


def spread(number):
    """The same number in all lanes."""
    return np.full(WIDTH, number).view(Eight)


def choose(mask, yes, no):
    """Lanes of ``yes`` where the mask is true, of ``no`` elsewhere."""
    return np.where(mask, yes, no).view(Eight)


def root(lanes):
    """Square root."""
    return np.sqrt(lanes)


def size(lanes):
    """Absolute value."""
    return np.abs(lanes)


def some(mask):
    """Whether the mask is true in any lane."""
    return bool(mask.any())


def empty(rows):
    """Uninitialised array (rows, 8) that starts on a cache line, for whole-line access."""
    room = np.empty(rows * WIDTH + WIDTH)
    start = -room.ctypes.data // 8 % WIDTH
    return room[start : start + rows * WIDTH].reshape(rows, WIDTH)


def register():
    """Teach numba the functions of this module; once a process, before compiling.

    Raises ImportError, or whatever else a broken numba raises.
    """
    with _LOCK:
        if not _READY:
            _register()
            _READY.append(True)


def _register():
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import lower_builtin, models, register_model, type_callable

    class Lanes(types.Type):
        def __init__(self):
            super().__init__(name="Lanes")

    class Mask(types.Type):
        def __init__(self):
            super().__init__(name="LanesMask")

    lanes, mask = Lanes(), Mask()
    vector = ir.VectorType(ir.DoubleType(), WIDTH)
    bits = ir.VectorType(ir.IntType(1), WIDTH)

    @register_model(Lanes)
    class LanesModel(models.PrimitiveModel):
        def __init__(self, manager, kind):
            super().__init__(manager, kind, vector)

    @register_model(Mask)
    class MaskModel(models.PrimitiveModel):
        def __init__(self, manager, kind):
            super().__init__(manager, kind, bits)

    def typed(function, wanted, result):
        """Give ``function`` a result type for arguments of the wanted classes."""

        @type_callable(function)
        def typing(context):
            def two(a, b):
                return result if isinstance(a, wanted[0]) and isinstance(b, wanted[1]) else None

            def one(a):
                return result if isinstance(a, wanted[0]) else None

            def three(a, b, c):
                good = all(isinstance(v, w) for v, w in zip((a, b, c), wanted))
                return result if good else None

            return (one, two, three)[len(wanted) - 1]

    def define(function, wanted, result, emit):
        typed(function, wanted, result)
        lower_builtin(function, *wanted)(
            lambda context, builder, sig, args: emit(context, builder, sig, args)
        )

    fused = ("contract",)
    arithmetic = {
        operator.add: lambda b, x, y: b.fadd(x, y, flags=fused),
        operator.sub: lambda b, x, y: b.fsub(x, y, flags=fused),
        operator.mul: lambda b, x, y: b.fmul(x, y, flags=fused),
        operator.truediv: lambda b, x, y: b.fdiv(x, y),
    }
    arithmetic[operator.iadd], arithmetic[operator.isub] = (
        arithmetic[operator.add],
        arithmetic[operator.sub],
    )
    for key, make in arithmetic.items():
        define(key, (Lanes, Lanes), lanes, lambda c, b, s, a, make=make: make(b, *a))
    for key, sign in ((operator.lt, "<"), (operator.gt, ">"), (operator.le, "<=")):
        define(
            key,
            (Lanes, Lanes),
            mask,
            lambda c, b, s, a, sign=sign: b.fcmp_ordered(sign, *a),
        )
    define(operator.and_, (Mask, Mask), mask, lambda c, b, s, a: b.and_(*a))
    define(operator.or_, (Mask, Mask), mask, lambda c, b, s, a: b.or_(*a))
    define(operator.invert, (Mask,), mask, lambda c, b, s, a: b.not_(a[0]))
    define(operator.neg, (Lanes,), lanes, lambda c, b, s, a: b.fneg(a[0]))
    define(choose, (Mask, Lanes, Lanes), lanes, lambda c, b, s, a: b.select(*a))

    def math(name):
        def emit(context, builder, sig, args):
            kind = ir.FunctionType(vector, [vector])
            function = cgutils.get_or_insert_function(
                builder.module, kind, f"llvm.{name}.v{WIDTH}f64"
            )
            return builder.call(function, args)

        return emit

    define(root, (Lanes,), lanes, math("sqrt"))
    define(size, (Lanes,), lanes, math("fabs"))

    def any_lane(context, builder, sig, args):
        whole = builder.bitcast(args[0], ir.IntType(WIDTH))
        return builder.icmp_unsigned("!=", whole, whole.type(0))

    define(some, (Mask,), types.boolean, any_lane)

    def place(context, builder, kind, array, row):
        data = context.make_array(kind)(context, builder, array).data
        row = builder.mul(row, row.type(WIDTH))
        return builder.bitcast(builder.gep(data, [row]), vector.as_pointer())

    def take(context, builder, sig, args):
        row = context.cast(builder, args[1], sig.args[1], types.intp)
        got = builder.load(place(context, builder, sig.args[0], args[0], row))
        got.align = 8
        return got

    def put(context, builder, sig, args):
        row = context.cast(builder, args[1], sig.args[1], types.intp)
        builder.store(args[2], place(context, builder, sig.args[0], args[0], row), align=8)
        return context.get_dummy_value()

    define(load, (types.Array, types.Integer), lanes, take)
    define(store, (types.Array, types.Integer, Lanes), types.none, put)

    def splat(context, builder, sig, args):
        number = context.cast(builder, args[0], sig.args[0], types.float64)
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
        return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), order)

    define(spread, (types.Number,), lanes, splat)
