# Sourced by scripts that fetch distribution packages for a folder of this project: an apt with lists, caches and sources of
# its own. The machine's apt state is read, never written.

# Sets apt, architecture, codename, distribution, archive (the address of the release's main component), components and
# signed; fails where the machine's apt has no source for it.
prepare_apt() { # folder
  apt=$1
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
  # Of the machine's settings only the ways to the archive (proxies, time-outs) are taken, not its hooks: some delete
  # files of the machine or refresh its catalogues after every update.
  {
    apt-config dump | grep '^Acquire::'
    cat <<CONFIG
Acquire::Languages "none";
Acquire::Retries "4";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Etc::Main "$apt/none";
Dir::Etc::Parts "$apt/parts";
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "$apt/parts";
Dir::Etc::Preferences "$apt/none";
Dir::Etc::PreferencesParts "$apt/parts";
CONFIG
  } >"$apt/apt.conf"
  architecture=$(dpkg --print-architecture)
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
  # shellcheck source=/dev/null
  distribution=$(. /etc/os-release && echo "${ID:-}")

  # The distribution's own keyring; without one apt falls back to the keys that the machine trusts for everything.
  local file
  keyring='' signed=''
  for file in /usr/share/keyrings/"$distribution"-archive-keyring.{gpg,pgp}; do
    [[ ! -f $file ]] || { keyring=$file signed=" signed-by=$file"; }
  done

  local uri release component
  archive='' components=main
  : >"$apt/sources.list"
  while IFS='|' read -r uri release component; do
    [[ $release == "$codename"* && ($component == main || $component == universe) ]] || continue
    echo "deb [arch=$architecture$signed] $uri $release $component" >>"$apt/sources.list"
    [[ $release == "$codename" ]] || continue
    [[ $component == main ]] && archive=$uri || components=main,$component
  done < <(apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' | sort -u)
  [[ $archive ]]
}

add_suites() { # suite…
  local suite
  for suite in "$@"; do
    [[ $suite == "$codename" ]] || echo "deb [arch=$architecture$signed] $archive $suite main" >>"$apt/sources.list"
  done
}

private_apt() { APT_CONFIG=$apt/apt.conf "$@"; }

# Shows the end of what a command has said only where it fails to the last.
retry() {
  local try
  for try in 1 2 3 4; do
    ! "$@" >"$apt/log" 2>&1 || return 0
    sleep $((try * 2))
  done
  tail -n 5 "$apt/log" >&2
  return 1
}
