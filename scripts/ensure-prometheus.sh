#!/bin/sh
# Makes sure that Prometheus and promtool are there for the tests: finds them, installs Debian's where that is allowed, or says what to do.
set -eu

if command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1; then
  exit 0
fi

if command -v apt-get >/dev/null 2>&1; then
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    # Never ask for a password: whoever types `make test` may not be there to give it.
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
      as_root="sudo -n"
    else
      echo "prometheus is missing and installing it needs root: run 'sudo apt-get install prometheus'" >&2
      exit 1
    fi
  fi
  export DEBIAN_FRONTEND=noninteractive
  $as_root apt-get update -qq >&2
  $as_root apt-get install -y -qq --no-install-recommends prometheus >&2
  exit 0
fi

echo "prometheus is missing: install it with its promtool (Debian: apt-get install prometheus)" >&2
exit 1
