#!/bin/sh
# Checks a release with the tools of those who use it: sha256sum, rpmkeys, gpgv, openssl, ssh-keygen.
#
#   sh verify.sh RELEASE-DIRECTORY
#
# Nothing of signstation is needed. The public keys are in keys/ beside this script: compare their
# fingerprints with those that you know before you believe what is said here.
# Status: 0 everything is as it was signed, 1 something is refused, 2 something was not checked.
set -u
LC_ALL=C
TZ=UTC0
export LC_ALL TZ
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
unchecked=0

pass() {
  printf 'ok       %s: %s\n' "$1" "$2"
  passed=$((passed + 1))
}

refuse() {
  printf 'REFUSED  %s: %s\n' "$1" "$2"
  refused=$((refused + 1))
}

# tool, name as shown
need() {
  command -v "$1" > /dev/null 2>&1 && return 0
  printf 'UNKNOWN  %s: %s is not installed\n' "$2" "$1"
  unchecked=$((unchecked + 1))
  return 1
}

# Says whether a text has a line of this form: what a tool says counts, not only its status.
says() {
  printf '%s\n' "$1" | grep -Eiq -e "$2"
}

# The report is signed with the key of the audit log: Ed25519 (RFC 8032) over its bytes.
check_report() {
  need openssl report.json || return
  # verifier.txt names the same key: NAME+HASH+BASE64, of a byte for the algorithm and the key
  key=$(cat "$here/verifier.txt")
  key=${key#*+}
  theirs=$(printf '%s' "${key#*+}" | openssl base64 -d -A | tail -c 32 | openssl base64 -A)
  ours=$(openssl pkey -pubin -in "$here/keys/audit.pem" -outform DER 2> /dev/null | tail -c 32 |
    openssl base64 -A)
  if [ "$ours" != "$theirs" ]; then
    refuse report.json 'keys/audit.pem is not the key of verifier.txt'
    return
  fi
  said=$(openssl pkeyutl -verify -pubin -inkey "$here/keys/audit.pem" -rawin \
    -in "$here/report.json" -sigfile "$here/report.json.ed25519" 2>&1)
  if says "$said" '^Signature Verified Successfully$' && ! says "$said" 'error|fail'; then
    pass report.json 'openssl: signed by the audit key'
  elif says "$said" 'unknown option|-help for summary'; then
    printf 'UNKNOWN  report.json: this openssl is older than 3.0\n'
    unchecked=$((unchecked + 1))
  else
    refuse report.json 'openssl does not verify its signature by the audit key'
  fi
}

# name, name as shown, SHA-256: its publication stands in the audit log of the station
check_proof() {
  need python3 "$2" || return
  need openssl "$2" || return
  if [ ! -f "$work/proofs" ]; then
    key=$(cat "$here/verifier.txt")
    python3 -I "$here/verify_audit.py" "$here/audit-proofs.json" \
      --verifier "${key:-none}" > "$work/proofs" 2>&1 || : > "$work/proofs"
  fi
  if grep -q -e "^proven $3 record " "$work/proofs"; then
    pass "$2" 'its publication stands in the audit log'
  else
    refuse "$2" 'verify_audit.py does not find it in the audit log'
  fi
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
  need sha256sum "$2" || return
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
  need rpmkeys "$2" || return
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

# name as shown, fingerprint of the key that signed
judge_openpgp() {
  if says "$said" '^\[GNUPG:\] (BADSIG|EXPSIG|EXPKEYSIG|REVKEYSIG) '; then
    refuse "$1" 'gpgv finds a bad signature, or a key that is not good any more'
  elif says "$said" "^\\[GNUPG:\\] VALIDSIG $2 "; then
    pass "$1" "gpgv: good signature by $2"
  else
    refuse "$1" "gpgv finds no good signature by $2"
  fi
}

# name, name as shown, signature file, fingerprint of the key that signed
check_openpgp() {
  need gpgv "$2" || return
  said=$(gpgv --homedir "$work" --status-fd 1 --keyring "$here/keys/openpgp.gpg" \
    -- "$release/$3" "$release/$1" 2> /dev/null)
  judge_openpgp "$2" "$4"
}

# file: its lines without the spaces at their ends, which a signature in the clear does not cover
lines_of() {
  tr -d '\r' < "$1" | sed 's/[[:blank:]]*$//'
}

# name, name as shown, fingerprint of the key that signed: a text with its signature around it;
# where the text lies beside it too, its name: it must be the text that was signed
check_cleartext() {
  need gpgv "$2" || return
  rm -f "$work/text"
  said=$(gpgv --homedir "$work" --status-fd 1 --keyring "$here/keys/openpgp.gpg" \
    --output "$work/text" -- "$release/$1" 2> /dev/null)
  if [ -n "${4-}" ] && [ "$(lines_of "$work/text")" != "$(lines_of "$release/$4")" ]; then
    refuse "$2" 'another text was signed than the one that lies beside it'
    return
  fi
  judge_openpgp "$2" "$3"
}

# name, name as shown, fingerprint of the key that signed: signatures are members of the package
check_deb() {
  need ar "$2" || return
  need gpgv "$2" || return
  said=
  : > "$work/content"
  for member in $(ar t "$release/$1" | tr -cd 'a-z0-9._\n-'); do
    case $member in
      _gpg*)
        ar p "$release/$1" "$member" > "$work/signature"
        said="$said
$(gpgv --homedir "$work" --status-fd 1 --keyring "$here/keys/openpgp.gpg" \
          -- "$work/signature" "$work/content" 2> /dev/null)"
        ;;
      *) ar p "$release/$1" "$member" >> "$work/content" ;;
    esac
  done
  judge_openpgp "$2" "$3"
}

# name, name as shown, signature file, principal, namespace, fingerprint of the key that signed
check_ssh() {
  need ssh-keygen "$2" || return
  # it takes one list of revoked keys, so it is asked once for each, and all must be content
  for revoked in /dev/null "$here"/keys/revoked_keys-*; do
    [ -e "$revoked" ] || continue
    said=$(ssh-keygen -Y verify -O "verify-time=$ssh_time" -f "$here/keys/allowed_signers" \
      -I "$4" -n "$5" -r "$revoked" -s "$release/$3" < "$release/$1" 2>&1)
    case $said in
      'Good "'*" key $6") ;;
      *)
        refuse "$2" "ssh-keygen finds no good signature by $6"
        return
        ;;
    esac
  done
  pass "$2" "ssh-keygen: good signature by $6"
}

# what openssl is given, its own options
cms() {
  openssl cms -verify -binary -out /dev/null -no-CApath -no-CAstore -partial_chain -purpose any \
    -CAfile "$here/keys/x509.pem" -certfile "$here/keys/x509.pem" "$@" 2>&1
}

# name, name as shown, signature file
check_cms() {
  need openssl "$2" || return
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
  need openssl "$2" || return
  need od "$2" || return
  module=$work/module
  case $(head -c 4 < "$release/$1" | od -An -v -tx1 | tr -d ' \n') in
    fd377a58) tool=xz ;;
    28b52ffd) tool=zstd ;;
    1f8b*) tool=gzip ;;
    *) tool="cat" ;;
  esac
  need "$tool" "$2" || return
  unpack=-dc
  [ "$tool" != cat ] || unpack=-
  if ! "$tool" "$unpack" < "$release/$1" > "$module" 2> /dev/null; then
    refuse "$2" "$tool cannot unpack it"
    return
  fi
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

if [ "$refused" -ne 0 ] || [ "$((passed + unchecked))" -eq 0 ]; then
  printf 'Refused: %s of %s checks.\n' "$refused" "$((passed + refused + unchecked))"
  exit 1
fi
if [ "$unchecked" -ne 0 ]; then
  printf 'Nothing is refused, but %s checks could not be made; %s are good.\n' \
    "$unchecked" "$passed"
  exit 2
fi
printf 'Everything is as it was signed: %s checks.\n' "$passed"
