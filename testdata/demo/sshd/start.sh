# Starts one sshd with fresh host keys. Takes dir, address, port and key from the environment.
set -eu
umask 077
mkdir "$dir"
cd "$dir"

ssh-keygen -q -t ed25519 -N '' -C '' -f host_ed25519
ssh-keygen -q -t ecdsa -b 256 -N '' -C '' -f host_ecdsa
printf '%s\n' "$key" >authorized_keys

pam=no
if [ "$(id -u)" = 0 ]; then
  mkdir -p /run/sshd # the Debian package makes it at boot only
  # Without PAM sshd turns locked accounts away, and root is often locked.
  case $(getent shadow root || true) in root:!*) pam=yes ;; esac
fi

cat >sshd_config <<END
ListenAddress $address:$port
HostKey $dir/host_ed25519
HostKey $dir/host_ecdsa
PidFile $dir/sshd.pid
AuthorizedKeysFile $dir/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM $pam
PrintMotd no
END
PATH=$PATH:/usr/sbin:/sbin
exec "$(command -v sshd)" -f "$dir/sshd_config" -E "$dir/log"
