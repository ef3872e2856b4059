#!/bin/sh
# Makes sure that libfaketime is there for the clock that jumps (make test-long): finds it, installs Debian's where that is allowed, or says what to do.
set -eu

for library in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1; do
  if [ -e "$library" ]; then
    exit 0
  fi
done

if command -v apt-get >/dev/null 2>&1; then
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    # Never ask for a password: whoever types `make test-long` may not be there to give it.
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
      as_root="sudo -n"
    else
      echo "libfaketime is missing and installing it needs root: run 'sudo apt-get install libfaketime'" >&2
      exit 1
    fi
  fi
  export DEBIAN_FRONTEND=noninteractive
  $as_root apt-get update -qq >&2
  $as_root apt-get install -y -qq --no-install-recommends libfaketime >&2
  exit 0
fi

echo "libfaketime is missing: install it (Debian: apt-get install libfaketime)" >&2
exit 1
