"""Tools that version data: what each is told, as a person would type it.

The working copy is `data`. `{v}` is 1 or 2, `{to}` an empty folder, `{bin}` the programs of the peer's environment. What runs in
Python comes from the registry, pinned; the others are programs of the system (Debian: `apt install git-lfs restic borgbackup
casync`), and their versions are in the results.
"""

from typing import ClassVar

from benchmarks.peers.base import Peer
from benchmarks.peers.gnomon import Gnomon

_GIT = "git -c user.name=b -c user.email=b@b -c gc.auto=0 -c init.defaultBranch=main"
_RESTIC = "RESTIC_PASSWORD=x RESTIC_REPOSITORY=$PWD/store restic -q"
_BORG = "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes BORG_RELOCATED_REPO_ACCESS_IS_OK=yes borg"
_CASYNC = "casync --without=all --store=store/chunks.castr"


class Versioner(Peer):
    """A tool that keeps versions of the folder `data`; its commands are shell lines, run in the folder that holds it."""

    environment = "programs"
    program: ClassVar[str]
    package: ClassVar[str] = ""
    """Of Debian; empty where the environment brings the program."""
    version: ClassVar[str]
    begin: ClassVar[str] = "true"
    add: ClassVar[str]
    status: ClassVar[str] = ""
    """Empty: there is no such command."""
    share: ClassVar[str] = ""
    """What brings both versions to where another person would get them from; empty where the store itself is such a place."""
    restore: ClassVar[str]
    """Version 1 into `{to}/data`."""
    verify: ClassVar[str] = ""
    store: ClassVar[str]
    """The folder that grows."""
    is_timed: ClassVar[bool] = True
    """False where another row of this page says what it costs."""
    bytes_at: ClassVar[tuple[str, ...]]
    """Where stored bytes of the data lie, for a bit to be flipped there."""


class GnomonData(Versioner):
    """The peer `gnomon` in the case `data`."""

    name = "gnomon"
    environment = Gnomon.environment
    requirements = Gnomon.requirements
    environ = Gnomon.environ
    program = "{bin}/gnomon"
    version = "{bin}/gnomon --version"
    begin = "{bin}/gnomon init"
    add = "{bin}/gnomon data add data --name data --no-profile"
    status = "{bin}/gnomon data status data"
    restore = "{bin}/gnomon data get data@v1 --to {to}/data"
    verify = "{bin}/gnomon data verify"
    store = ".gnomon"
    bytes_at = (".gnomon/objects/*/*.pack",)


class Dvc(Versioner):
    """Restored as a teammate does: clone and pull from the shared folder, with DVC's defaults."""

    name = "dvc"
    environment = "dvc"
    requirements = ("dvc==3.67.1",)
    program = "{bin}/dvc"
    version = "{bin}/dvc --version"
    begin = (
        f"{_GIT} init -q && {{bin}}/dvc init -q && {{bin}}/dvc config core.analytics false && "
        f"{{bin}}/dvc config core.check_update false && {{bin}}/dvc remote add -q -d r $PWD/remote && {_GIT} commit -qm init"
    )
    add = f"{{bin}}/dvc add -q data && {_GIT} add -A . ':!remote' && {_GIT} commit -qm v && {_GIT} tag v{{v}}"
    status = "{bin}/dvc status -q"
    share = "{bin}/dvc push -q -T"
    restore = (
        f"S=$PWD && cd {{to}} && {_GIT} clone -q $S r && cd r && git checkout -q v1 && "
        "{bin}/dvc remote modify -q --local r url $S/remote && {bin}/dvc pull -q && mv data .."
    )
    verify = "{bin}/dvc status -q -c"
    store = ".dvc/cache"
    bytes_at = ("remote/files/md5/*/*",)


class DvcVerify(Dvc):
    """The same, told to hash what it pulls."""

    name = "dvc-verify"
    is_timed = False
    begin = (
        Dvc.begin
        + " && {bin}/dvc remote modify r verify true && git -c user.name=b -c user.email=b@b commit -qam verify"
    )


class GitLfs(Versioner):
    name = "git-lfs"
    program = "git-lfs"
    package = "git-lfs"
    version = "git lfs version"
    begin = (
        f"{_GIT} init -q && git lfs install --local >/dev/null && "
        f"echo 'data/** filter=lfs diff=lfs merge=lfs -text' > .gitattributes && "
        f"{_GIT} add .gitattributes && {_GIT} commit -qm i && "
        f"{_GIT} init -q --bare remote && git remote add origin file://$PWD/remote"
    )
    add = f"{_GIT} add data && {_GIT} commit -qm v && {_GIT} tag v{{v}}"
    status = "git status --porcelain data"
    share = "git push -q origin HEAD:refs/heads/main --tags"
    restore = (
        "S=$PWD && cd {to} && git clone -q --no-checkout file://$S/remote r && cd r && git lfs install --local >/dev/null && "
        "git checkout -q v1 && mv data .."
    )
    verify = "for one in $(git tag); do git lfs fsck $one || exit 1; done"
    store = ".git"
    bytes_at = (".git/lfs/objects/*/*/*", "remote/lfs/objects/*/*/*")


class Restic(Versioner):
    """It encrypts, which the others do not."""

    name = "restic"
    program = "restic"
    package = "restic"
    version = "restic version"
    begin = f"{_RESTIC} init"
    add = f"{_RESTIC} backup data --tag v{{v}}"
    restore = f"{_RESTIC} restore latest --tag v1 --target {{to}}"
    verify = f"{_RESTIC} check --read-data"
    store = "store"
    bytes_at = ("store/data/*/*",)


class Borg(Versioner):
    name = "borg"
    program = "borg"
    package = "borgbackup"
    version = "borg --version"
    begin = f"{_BORG} init -e none store"
    add = f"{_BORG} create -C zstd,1 store::v{{v}} data"
    restore = f"S=$PWD && cd {{to}} && {_BORG} extract $S/store::v1"
    verify = f"{_BORG} check --verify-data store"
    store = "store"
    bytes_at = ("store/data/*/*",)


class Casync(Versioner):
    name = "casync"
    program = "casync"
    package = "casync"
    version = "casync --version"
    begin = "mkdir store"
    add = f"{_CASYNC} make store/v{{v}}.caidx data >/dev/null"
    restore = f"mkdir {{to}}/data && {_CASYNC} extract store/v1.caidx {{to}}/data"
    store = "store"
    bytes_at = ("store/chunks.castr/*/*",)
