"""One file a Processing algorithm: parameters, help, a call into core, the result."""
