#!/bin/sh
# Makes sure that a Chromium is there for the browser tests: finds one, installs Debian's where that is allowed, or says what to do.
set -eu

name="${CHROMIUM:-chromium}"
if command -v "$name" >/dev/null 2>&1; then
  exit 0
fi
if [ -n "${CHROMIUM:-}" ]; then
  echo "CHROMIUM is set to '$CHROMIUM', but there is no such program: mend or unset it" >&2
  exit 1
fi

if command -v apt-get >/dev/null 2>&1; then
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    # Never ask for a password: whoever types `make test` may not be there to give it.
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
      as_root="sudo -n"
    else
      echo "Chromium is missing and installing it needs root: run 'sudo apt-get install chromium', or set CHROMIUM to a Chromium or Chrome 151 or later" >&2
      exit 1
    fi
  fi
  export DEBIAN_FRONTEND=noninteractive
  echo "installing Chromium for the browser tests" >&2
  $as_root apt-get update -qq >&2
  $as_root apt-get install -y -qq --no-install-recommends chromium >&2
  command -v chromium >/dev/null 2>&1 && exit 0
fi

echo "Chromium is missing: install it (Debian: apt-get install chromium), or set CHROMIUM to a Chromium or Chrome 151 or later" >&2
exit 1
