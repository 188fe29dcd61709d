#!/bin/sh
# Installs what is missing of the system packages and makes the virtual environment.
#   tools/setup.sh        what running needs
#   tools/setup.sh test   what the tests need too
set -eu
cd "$(dirname "$0")/.."

PACKAGES="qgis python3-qgis qgis-providers python3-gdal python3-numpy python3-scipy \
python3-xarray python3-netcdf4 python3-rasterio python3-matplotlib python3-venv python3-pip \
xvfb xauth"

missing=""
for package in $PACKAGES; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
    line="apt-get install -y --no-install-recommends$missing"
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        as_root=sudo
    else
        echo "These packages are missing; install them as root, then try again:" >&2
        echo "  $line" >&2
        exit 1
    fi
    echo "Installing:$missing"
    $as_root apt-get update -q
    $as_root env DEBIAN_FRONTEND=noninteractive $line
fi

# /usr/bin/python3 is the Python that QGIS uses; another one cannot import it.
[ -x .venv/bin/python ] || /usr/bin/python3 -m venv --system-site-packages .venv
if [ "${1:-}" = test ]; then
    if [ ! -e .venv/tested ] || [ pyproject.toml -nt .venv/tested ]; then
        .venv/bin/pip install --quiet --disable-pip-version-check -e ".[test,export]"
        touch .venv/tested
    fi
elif [ ! -e .venv/ready ] || [ pyproject.toml -nt .venv/ready ]; then
    .venv/bin/pip install --quiet --disable-pip-version-check -e ".[accelerate]"
    touch .venv/ready
fi
