# A user's terminal with the CLI of OpenBao: `bao-cli.sh PROGRAM PART...`; address and token come from the environment.
# It ends at the first thing that is not as with OpenBao, and prints each part that went well.
set -eu
bao="$1"
shift

expect() { # what, expected
  [ "$1" = "$2" ] || { echo "expected $2, not $1" >&2 && exit 1; }
}

refused() { # text, command...
  text="$1"
  shift
  if said=$("$@" 2>&1); then echo "expected a refusal: $text" >&2 && exit 1; fi
  case "$said" in *"$text"*) ;; *) echo "expected $text: $said" >&2 && exit 1 ;; esac
}

system() {
  "$bao" status > /dev/null
  "$bao" secrets enable -path=cli-system -description="from the CLI" transit > /dev/null
  "$bao" secrets list -format=json | grep -q '"cli-system/"'
  refused "path is already in use at cli-system/" "$bao" secrets enable -path=cli-system transit
  "$bao" secrets disable cli-system > /dev/null
}

transit() {
  "$bao" secrets enable -path=cli-transit transit > /dev/null
  "$bao" write -f cli-transit/keys/app > /dev/null
  old=$("$bao" write -field=ciphertext cli-transit/encrypt/app plaintext="$(printf hello | base64)")
  expect "$("$bao" write -field=plaintext cli-transit/decrypt/app ciphertext="$old" | base64 -d)" hello
  "$bao" write -f cli-transit/keys/app/rotate > /dev/null
  new=$("$bao" write -field=ciphertext cli-transit/rewrap/app ciphertext="$old")
  expect "${new%%:v2:*}" vault
  "$bao" write cli-transit/keys/app/config deletion_allowed=true > /dev/null
  "$bao" delete cli-transit/keys/app > /dev/null
  "$bao" secrets disable cli-transit > /dev/null
}

signatures() {
  "$bao" secrets enable -path=cli-sign transit > /dev/null
  "$bao" write cli-sign/keys/app type=ecdsa-p256 > /dev/null
  signature=$("$bao" write -field=signature cli-sign/sign/app input=aGVsbG8=)
  expect "$("$bao" write -field=valid cli-sign/verify/app input=aGVsbG8= signature="$signature")" true
  "$bao" secrets disable cli-sign > /dev/null
}

material() {
  "$bao" secrets enable -path=cli-material transit > /dev/null
  "$bao" write cli-material/keys/app exportable=true allow_plaintext_backup=true > /dev/null
  ciphertext=$("$bao" write -field=ciphertext cli-material/encrypt/app plaintext=aGVsbG8=)
  "$bao" write cli-material/restore/again backup="$("$bao" read -field=backup cli-material/backup/app)" > /dev/null
  expect "$("$bao" write -field=plaintext cli-material/decrypt/again ciphertext="$ciphertext")" aGVsbG8=
  head -c 32 /dev/urandom | base64 > "$HOME/key"
  "$bao" transit import cli-material/keys/brought "@$HOME/key" type=aes256-gcm96 > /dev/null
  "$bao" write -field=ciphertext cli-material/encrypt/brought plaintext=aGVsbG8= > /dev/null
  "$bao" secrets disable cli-material > /dev/null
}

kv1() {
  "$bao" secrets enable -path=cli-kv1 -version=1 kv > /dev/null
  "$bao" kv put cli-kv1/app password=hunter2 > /dev/null
  expect "$("$bao" kv get -field=password cli-kv1/app)" hunter2
  expect "$("$bao" kv list -format=json cli-kv1 | tr -d ' \n')" '["app"]'
  "$bao" kv delete cli-kv1/app > /dev/null
  refused "No value found at cli-kv1/app" "$bao" kv get cli-kv1/app
  "$bao" secrets disable cli-kv1 > /dev/null
}

kv2() {
  "$bao" secrets enable -path=cli-kv2 -version=2 kv > /dev/null
  "$bao" kv put -mount=cli-kv2 app password=one > /dev/null
  "$bao" kv put -mount=cli-kv2 -cas=1 app password=two > /dev/null
  "$bao" kv patch -mount=cli-kv2 app user=app > /dev/null
  expect "$("$bao" kv get -mount=cli-kv2 -field=password app)" two
  expect "$("$bao" kv get -mount=cli-kv2 -version=1 -field=password app)" one
  "$bao" kv delete -mount=cli-kv2 -versions=1 app > /dev/null
  "$bao" kv undelete -mount=cli-kv2 -versions=1 app > /dev/null
  "$bao" kv rollback -mount=cli-kv2 -version=1 app > /dev/null
  expect "$("$bao" kv get -mount=cli-kv2 -field=password app)" one
  "$bao" kv metadata put -mount=cli-kv2 -custom-metadata=owner=me app > /dev/null
  "$bao" kv metadata get -mount=cli-kv2 app | grep -q 'map\[owner:me\]'
  "$bao" kv metadata delete -mount=cli-kv2 app > /dev/null
  "$bao" secrets disable cli-kv2 > /dev/null
}

tokens() {
  token=$("$bao" token create -policy=default -ttl=1h -field=token)
  expect "$(VAULT_TOKEN=$token "$bao" token lookup -format=json | grep -c '"creation_ttl": 3600')" 1
  VAULT_TOKEN=$token "$bao" token renew > /dev/null
  VAULT_TOKEN=$token "$bao" token revoke -self > /dev/null
  refused "permission denied" env VAULT_TOKEN="$token" "$bao" token lookup
}

policies() {
  printf 'path "cli-access/*" {\n  capabilities = ["read"]\n}\n' | "$bao" policy write cli-policy - > /dev/null
  "$bao" policy read cli-policy | grep -q 'cli-access'
  token=$("$bao" token create -policy=cli-policy -field=token)
  expect "$("$bao" token capabilities "$token" cli-access/x)" read
  expect "$(VAULT_TOKEN=$token "$bao" token capabilities sys/mounts)" deny
  "$bao" policy delete cli-policy > /dev/null
}

approle() {
  "$bao" auth enable -path=cli-approle approle > /dev/null
  "$bao" write auth/cli-approle/role/app token_policies=default token_ttl=20m > /dev/null
  role=$("$bao" read -field=role_id auth/cli-approle/role/app/role-id)
  secret=$("$bao" write -f -field=secret_id auth/cli-approle/role/app/secret-id)
  token=$("$bao" write -field=token auth/cli-approle/login role_id="$role" secret_id="$secret")
  VAULT_TOKEN=$token "$bao" token lookup > /dev/null
  "$bao" auth disable cli-approle > /dev/null
}

userpass() {
  "$bao" auth enable -path=cli-userpass userpass > /dev/null
  "$bao" write auth/cli-userpass/users/ada password=horse policies=default > /dev/null
  (unset VAULT_TOKEN && "$bao" login -method=userpass -path=cli-userpass username=ada password=horse > /dev/null &&
    "$bao" token lookup > /dev/null)
  "$bao" auth disable cli-userpass > /dev/null
}

wrapping() {
  token=$("$bao" token create -policy=default -wrap-ttl=60s -field=wrapping_token)
  "$bao" unwrap -field=token "$token" > /dev/null
  refused "wrapping token is not valid or does not exist" "$bao" unwrap "$token"
}

for part in "$@"; do
  "$part"
  echo "$part"
done
