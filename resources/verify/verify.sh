#!/bin/sh
# Checks a release with the tools of those who use it: sha256sum, rpmkeys, gpgv, openssl.
#
#   sh verify.sh RELEASE-DIRECTORY
#
# Nothing of signstation is needed. The public keys are in keys/ beside this script: compare their
# fingerprints with those that you know before you believe what is said here.
# Status: 0 everything is as it was signed, 1 something is refused, 2 it could not be checked.
set -u
LC_ALL=C
export LC_ALL
OPENSSL_CONF=/dev/null
export OPENSSL_CONF
umask 077

die() {
  printf 'CANNOT   %s\n' "$1" >&2
  exit 2
}

[ "$#" -eq 1 ] || die 'usage: sh verify.sh RELEASE-DIRECTORY'
[ -d "$1" ] || die 'the release is no directory'
release=$(CDPATH='' cd -- "$1" && pwd) || die 'the release cannot be opened'
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || die 'the keys cannot be opened'
work=$(mktemp -d) || die 'there is no room for temporary files'
trap 'rm -rf -- "$work"' EXIT
trap 'exit 2' HUP INT TERM

refused=0
passed=0

pass() {
  printf 'ok       %s: %s\n' "$1" "$2"
  passed=$((passed + 1))
}

refuse() {
  printf 'REFUSED  %s: %s\n' "$1" "$2"
  refused=$((refused + 1))
}

need() {
  command -v "$1" > /dev/null 2>&1 || die "$1 is not installed"
}

# Says whether a text has a line of this form: what a tool says counts, not only its status.
says() {
  printf '%s\n' "$1" | grep -Eiq -e "$2"
}

count_files() {
  found=$(find "$release" ! -type d -exec printf x \; | wc -c)
  if [ "$found" -eq "$1" ]; then
    pass 'release' "$1 files, as signed"
  else
    refuse 'release' "it has $((found)) files, and $1 were signed"
  fi
}

# name, name as shown, SHA-256
check_digest() {
  if [ -L "$release/$1" ] || [ ! -f "$release/$1" ]; then
    refuse "$2" 'it is missing'
    return
  fi
  need sha256sum
  got=$(sha256sum < "$release/$1")
  if [ "${got%% *}" = "$3" ]; then
    pass "$2" 'SHA-256 as in the report'
  else
    refuse "$2" 'it is not the file of the report: SHA-256 differs'
  fi
}

rpm_keys() {
  rpmkeys --rcfile /usr/lib/rpm/rpmrc --macros /usr/lib/rpm/macros --dbpath "$work/rpm" \
    --define "_rpmlock_path $work/rpm/.rpm.lock" \
    --define "_keyring_lockpath $work/rpm/.keyring.lock" \
    --define '_pkgverify_level all' --define '_pkgverify_flags 0x0' "$@" 2>&1
}

# name, name as shown
check_rpm() {
  need rpmkeys
  if [ ! -d "$work/rpm" ]; then
    mkdir "$work/rpm"
    for key in "$here"/keys/*.asc; do
      rpm_keys --import "$key" > /dev/null
    done
  fi
  said=$(rpm_keys -Kv -- "$release/$1")
  status=$?
  if says "$said" '^ +.*: (BAD|NOTTRUSTED)( |$)|^error: '; then
    refuse "$2" 'rpmkeys finds a bad signature or digest'
  elif says "$said" '^ +.* signature.*: OK( |$)' && [ "$status" -eq 0 ]; then
    pass "$2" 'rpmkeys: signature and digests OK'
  else
    refuse "$2" 'rpmkeys finds no good signature by these keys'
  fi
}

# name, name as shown, signature file, fingerprint of the key that signed
check_openpgp() {
  need gpgv
  said=$(gpgv --homedir "$work" --status-fd 1 --keyring "$here/keys/openpgp.gpg" \
    -- "$release/$3" "$release/$1" 2> /dev/null)
  if says "$said" '^\[GNUPG:\] (BADSIG|EXPSIG|EXPKEYSIG|REVKEYSIG) '; then
    refuse "$2" 'gpgv finds a bad signature, or a key that is not good any more'
  elif says "$said" "^\\[GNUPG:\\] VALIDSIG $4 "; then
    pass "$2" "gpgv: good signature by $4"
  else
    refuse "$2" "gpgv finds no good signature by $4"
  fi
}

# what openssl is given, its own options
cms() {
  openssl cms -verify -binary -out /dev/null -no-CApath -no-CAstore -partial_chain -purpose any \
    -CAfile "$here/keys/x509.pem" -certfile "$here/keys/x509.pem" "$@" 2>&1
}

# name, name as shown, signature file
check_cms() {
  need openssl
  form=DER
  case $(head -c 5 < "$release/$3" | tr -d '\0') in -----) form=PEM ;; esac
  said=$(cms -inform "$form" -in "$release/$3" -content "$release/$1" -attime "$made_at")
  if says "$said" '^CMS Verification successful$' && ! says "$said" 'failure|error:'; then
    pass "$2" 'openssl: CMS verification successful'
  else
    refuse "$2" 'openssl does not verify the CMS signature'
  fi
}

# name, name as shown: the signature follows the module (linux/module_signature.h)
check_module() {
  need openssl
  need od
  module=$work/module
  case $1 in
    *.xz) need xz && xz -dc < "$release/$1" > "$module" ;;
    *.zst) need zstd && zstd -qdc < "$release/$1" > "$module" ;;
    *.gz) need gzip && gzip -dc < "$release/$1" > "$module" ;;
    *) cat < "$release/$1" > "$module" ;;
  esac
  end=$(tail -c 28 "$module" | tr -d '\0\n')
  size=$(wc -c < "$module")
  if [ "$end" != '~Module signature appended~' ] || [ "$size" -lt 40 ]; then
    refuse "$2" 'no signature follows the module'
    return
  fi
  name=$2
  # shellcheck disable=SC2046 # twelve numbers
  set -- $(tail -c 40 "$module" | head -c 12 | od -An -v -tu1)
  length=$((((${9} * 256 + ${10}) * 256 + ${11}) * 256 + ${12}))
  content=$((size - 40 - length))
  if [ "$3" -ne 2 ] || [ "$content" -le 0 ]; then
    refuse "$name" 'what follows the module is no CMS signature'
    return
  fi
  head -c "$content" "$module" > "$work/content"
  tail -c "$((length + 40))" "$module" | head -c "$length" > "$work/signature"
  # As the kernel, it looks neither at dates nor at uses.
  said=$(cms -inform DER -in "$work/signature" -content "$work/content" -no_check_time)
  if says "$said" '^CMS Verification successful$' && ! says "$said" 'failure|error:'; then
    pass "$name" 'openssl: module signature good'
  else
    refuse "$name" 'openssl does not verify the module signature'
  fi
}

# CHECKS

if [ "$refused" -eq 0 ] && [ "$passed" -gt 0 ]; then
  printf 'Everything is as it was signed: %s checks.\n' "$passed"
  exit 0
fi
printf 'Refused: %s of %s checks.\n' "$refused" "$((passed + refused))"
exit 1
