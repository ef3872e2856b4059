#!/bin/sh
# Makes sure that Prometheus, promtool and Alertmanager are there for the tests: finds them, installs Debian's where that is allowed, or says what to do.
set -eu

all_there() {
  command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1 && command -v prometheus-alertmanager >/dev/null 2>&1
}

all_there && exit 0

if command -v apt-get >/dev/null 2>&1; then
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    # Never ask for a password: whoever types `make test` may not be there to give it.
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
      as_root="sudo -n"
    else
      echo "Prometheus or Alertmanager is missing and installing them needs root: run 'sudo apt-get install prometheus prometheus-alertmanager'" >&2
      exit 1
    fi
  fi
  export DEBIAN_FRONTEND=noninteractive
  echo "installing Prometheus and Alertmanager for the tests" >&2
  $as_root apt-get update -qq >&2
  $as_root apt-get install -y -qq --no-install-recommends prometheus prometheus-alertmanager >&2
  all_there && exit 0
fi

echo "Prometheus or Alertmanager is missing: install them (Debian: apt-get install prometheus prometheus-alertmanager)" >&2
exit 1
