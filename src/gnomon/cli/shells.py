"""The completion scripts, by shell. They ask `gnomon __complete`, see `gnomon.cli.complete`."""

from __future__ import annotations

_BASH = r"""# Completion of `gnomon` for bash. To load it:  eval "$(gnomon completion bash)"
_gnomon_complete() {
    local line="${COMP_LINE:0:COMP_POINT}" typed="${COMP_WORDS[COMP_CWORD]}" before value
    # bash breaks words at `=` and `:`; what stands before the break is taken off the candidates again.
    [[ $typed == "=" || $typed == ":" ]] && typed=""
    before="${line##*[[:space:]]}"
    before="${before%"$typed"}"
    COMPREPLY=()
    while IFS=$'\t' read -r value _; do
        case $value in
            :files) compopt -o default ;;
            :folders) compopt -o dirnames ;;
            *) COMPREPLY+=("${value#"$before"}") ;;
        esac
    done < <("${COMP_WORDS[0]}" __complete line "$line" 2>/dev/null)
}
complete -o nosort -F _gnomon_complete gnomon 2>/dev/null || complete -F _gnomon_complete gnomon
"""

_ZSH = r"""#compdef gnomon
# Completion of `gnomon` for zsh. To load it, after `compinit`:  eval "$(gnomon completion zsh)"
_gnomon() {
    local -a found
    local value what
    while IFS=$'\t' read -r value what; do
        case $value in
            :files) _files; return ;;
            :folders) _files -/; return ;;
        esac
        found+=("${value//:/\\:}${what:+:$what}")
    done < <("${(Q)words[1]}" __complete words "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    (( $#found )) && _describe -V gnomon found
}
compdef _gnomon gnomon
"""

_FISH = r"""# Completion of `gnomon` for fish. To load it:  gnomon completion fish | source
function __gnomon_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete words $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$current"
            case ':folders'
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c gnomon -f -k -a '(__gnomon_complete)'
"""

SCRIPTS = {"bash": _BASH, "fish": _FISH, "zsh": _ZSH}
