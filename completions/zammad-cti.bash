_zammad__cti() {
    local i cur prev opts cmd
    COMPREPLY=()
    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
        cur="$2"
    else
        cur="${COMP_WORDS[COMP_CWORD]}"
    fi
    prev="$3"
    if [[ "${cur}" == "=" ]]; then
        cur=""
    elif [[ "${prev}" == "=" && ${COMP_CWORD} -ge 2 ]]; then
        prev="${COMP_WORDS[COMP_CWORD-2]}"
    fi
    cmd=""
    opts=""

    for i in "${COMP_WORDS[@]:0:COMP_CWORD}"
    do
        case "${cmd},${i}" in
            ",$1")
                cmd="zammad__cti"
                ;;
            zammad__cti,agi)
                cmd="zammad__cti__subcmd__agi"
                ;;
            zammad__cti,answer)
                cmd="zammad__cti__subcmd__answer"
                ;;
            zammad__cti,bridge)
                cmd="zammad__cti__subcmd__bridge"
                ;;
            zammad__cti,calls)
                cmd="zammad__cti__subcmd__calls"
                ;;
            zammad__cti,check)
                cmd="zammad__cti__subcmd__check"
                ;;
            zammad__cti,completions)
                cmd="zammad__cti__subcmd__completions"
                ;;
            zammad__cti,config)
                cmd="zammad__cti__subcmd__config"
                ;;
            zammad__cti,fastagi)
                cmd="zammad__cti__subcmd__fastagi"
                ;;
            zammad__cti,hangup)
                cmd="zammad__cti__subcmd__hangup"
                ;;
            zammad__cti,log)
                cmd="zammad__cti__subcmd__log"
                ;;
            zammad__cti,man)
                cmd="zammad__cti__subcmd__man"
                ;;
            zammad__cti,new-call)
                cmd="zammad__cti__subcmd__new__subcmd__call"
                ;;
            zammad__cti,normalize)
                cmd="zammad__cti__subcmd__normalize"
                ;;
            zammad__cti,sandbox)
                cmd="zammad__cti__subcmd__sandbox"
                ;;
            zammad__cti,send)
                cmd="zammad__cti__subcmd__send"
                ;;
            zammad__cti,simulate)
                cmd="zammad__cti__subcmd__simulate"
                ;;
            zammad__cti,spool)
                cmd="zammad__cti__subcmd__spool"
                ;;
            zammad__cti,watch)
                cmd="zammad__cti__subcmd__watch"
                ;;
            zammad__cti__subcmd__agi,answer)
                cmd="zammad__cti__subcmd__agi__subcmd__answer"
                ;;
            zammad__cti__subcmd__agi,hangup)
                cmd="zammad__cti__subcmd__agi__subcmd__hangup"
                ;;
            zammad__cti__subcmd__agi,new-call)
                cmd="zammad__cti__subcmd__agi__subcmd__new__subcmd__call"
                ;;
            zammad__cti__subcmd__bridge,3cx)
                cmd="zammad__cti__subcmd__bridge__subcmd__3cx"
                ;;
            zammad__cti__subcmd__bridge,asterisk)
                cmd="zammad__cti__subcmd__bridge__subcmd__asterisk"
                ;;
            zammad__cti__subcmd__bridge,freeswitch)
                cmd="zammad__cti__subcmd__bridge__subcmd__freeswitch"
                ;;
            zammad__cti__subcmd__bridge,fritzbox)
                cmd="zammad__cti__subcmd__bridge__subcmd__fritzbox"
                ;;
            zammad__cti__subcmd__bridge,wazo)
                cmd="zammad__cti__subcmd__bridge__subcmd__wazo"
                ;;
            zammad__cti__subcmd__bridge,webhook)
                cmd="zammad__cti__subcmd__bridge__subcmd__webhook"
                ;;
            zammad__cti__subcmd__bridge,xivo)
                cmd="zammad__cti__subcmd__bridge__subcmd__xivo"
                ;;
            zammad__cti__subcmd__calls,close)
                cmd="zammad__cti__subcmd__calls__subcmd__close"
                ;;
            zammad__cti__subcmd__calls,list)
                cmd="zammad__cti__subcmd__calls__subcmd__list"
                ;;
            zammad__cti__subcmd__config,check)
                cmd="zammad__cti__subcmd__config__subcmd__check"
                ;;
            zammad__cti__subcmd__config,import)
                cmd="zammad__cti__subcmd__config__subcmd__import"
                ;;
            zammad__cti__subcmd__config,init)
                cmd="zammad__cti__subcmd__config__subcmd__init"
                ;;
            zammad__cti__subcmd__config,route)
                cmd="zammad__cti__subcmd__config__subcmd__route"
                ;;
            zammad__cti__subcmd__config,show)
                cmd="zammad__cti__subcmd__config__subcmd__show"
                ;;
            zammad__cti__subcmd__log,done)
                cmd="zammad__cti__subcmd__log__subcmd__done"
                ;;
            zammad__cti__subcmd__spool,drop)
                cmd="zammad__cti__subcmd__spool__subcmd__drop"
                ;;
            zammad__cti__subcmd__spool,flush)
                cmd="zammad__cti__subcmd__spool__subcmd__flush"
                ;;
            zammad__cti__subcmd__spool,list)
                cmd="zammad__cti__subcmd__spool__subcmd__list"
                ;;
            zammad__cti__subcmd__spool,retry)
                cmd="zammad__cti__subcmd__spool__subcmd__retry"
                ;;
            zammad__cti__subcmd__spool,run)
                cmd="zammad__cti__subcmd__spool__subcmd__run"
                ;;
            zammad__cti__subcmd__spool,show)
                cmd="zammad__cti__subcmd__spool__subcmd__show"
                ;;
            zammad__cti__subcmd__spool,stats)
                cmd="zammad__cti__subcmd__spool__subcmd__stats"
                ;;
            *)
                ;;
        esac
    done

    case "${cmd}" in
        zammad__cti)
            opts="-h -V --help --version new-call answer hangup send simulate sandbox check normalize agi fastagi bridge spool calls watch log config completions man"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 1 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__agi)
            opts="-h --help new-call answer hangup"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__agi__subcmd__answer)
            opts="-h --call-id --direction --answering-number --user --voicemail --handed-over --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --call-id | --direction | --answering-number | --user | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__agi__subcmd__hangup)
            opts="-h --call-id --direction --cause --handed-over --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --call-id | --direction | --cause | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__agi__subcmd__new__subcmd__call)
            opts="-h --direction --from --to --call-id --user --queue --trunk --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --direction | --from | --to | --call-id | --user | --queue | --trunk | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__answer)
            opts="-h --call-id --call-key --direction --from --to --answering-number --user --endpoint --voicemail --force-user --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --reject-exit --fail-open --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --field --dry-run --curl --show-token --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --call-id | --call-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --direction)
                    COMPREPLY=($(compgen -W "in out" -- "${cur}"))
                    return 0
                    ;;
                --from | --to | --answering-number | --user | --endpoint | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --reject-exit | --fail-open)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                --field)
                    COMPREPLY=($(compgen -W "event call_id direction delivery action reason caller_id number attempts elapsed_ms request_id error error_class" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__bridge)
            opts="-h --help asterisk freeswitch 3cx xivo webhook fritzbox wazo"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__bridge__subcmd__3cx)
            opts="-h --3cx-url --bridge-3cx-ca-file --api --client-id --client-secret --client-secret-file --username --password --password-file --group --queues --extensions --trunks --trunk-numbers --poll-interval --internal --second-answer --on-reject --hold --grace --ignore --stale --health --dry-run --sandbox --page --record --mask --replay --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --3cx-url | --bridge-3cx-ca-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --api)
                    COMPREPLY=($(compgen -W "auto v20 v20-activecalls legacy" -- "${cur}"))
                    return 0
                    ;;
                --client-id | --client-secret | --client-secret-file | --username | --password | --password-file | --group | --queues | --extensions | --trunks | --trunk-numbers | --poll-interval)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --internal | --second-answer)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --on-reject)
                    COMPREPLY=($(compgen -W "none hangup" -- "${cur}"))
                    return 0
                    ;;
                --hold | --grace | --ignore | --stale | --health | --page | --record | --replay | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__bridge__subcmd__asterisk)
            opts="-h --address --tls --bridge-asterisk-ca-file --username --secret --secret-file --trunk-contexts --trunk-channels --outside-prefix --internal --second-answer --on-reject --hold --grace --ignore --stale --health --dry-run --sandbox --page --record --mask --replay --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --address)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tls)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --bridge-asterisk-ca-file | --username | --secret | --secret-file | --trunk-contexts | --trunk-channels | --outside-prefix)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --internal | --second-answer)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --on-reject)
                    COMPREPLY=($(compgen -W "none hangup" -- "${cur}"))
                    return 0
                    ;;
                --hold | --grace | --ignore | --stale | --health | --page | --record | --replay | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__bridge__subcmd__freeswitch)
            opts="-h --address --username --password --password-file --inbound-contexts --domains --queue-domain --internal --second-answer --on-reject --hold --grace --ignore --stale --health --dry-run --sandbox --page --record --mask --replay --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --address | --username | --password | --password-file | --inbound-contexts | --domains)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --queue-domain | --internal | --second-answer)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --on-reject)
                    COMPREPLY=($(compgen -W "none hangup" -- "${cur}"))
                    return 0
                    ;;
                --hold | --grace | --ignore | --stale | --health | --page | --record | --replay | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__bridge__subcmd__fritzbox)
            opts="-h --address --area-code --voicemail --internal --second-answer --on-reject --hold --grace --ignore --stale --health --dry-run --sandbox --page --record --mask --replay --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --address | --area-code | --voicemail)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --internal | --second-answer)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --on-reject)
                    COMPREPLY=($(compgen -W "none hangup" -- "${cur}"))
                    return 0
                    ;;
                --hold | --grace | --ignore | --stale | --health | --page | --record | --replay | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__bridge__subcmd__wazo)
            opts="-h --wazo-url --username --password --password-file --bridge-wazo-token-file --bridge-wazo-ca-file --internal --second-answer --on-reject --hold --grace --ignore --stale --health --dry-run --sandbox --page --record --mask --replay --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --wazo-url | --username | --password | --password-file | --bridge-wazo-token-file | --bridge-wazo-ca-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --internal | --second-answer)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --on-reject)
                    COMPREPLY=($(compgen -W "none hangup" -- "${cur}"))
                    return 0
                    ;;
                --hold | --grace | --ignore | --stale | --health | --page | --record | --replay | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__bridge__subcmd__webhook)
            opts="-h --listen --internal --second-answer --on-reject --hold --grace --ignore --stale --health --dry-run --sandbox --page --record --mask --replay --explain --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --listen)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --internal | --second-answer)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --on-reject)
                    COMPREPLY=($(compgen -W "none hangup" -- "${cur}"))
                    return 0
                    ;;
                --hold | --grace | --ignore | --stale | --health | --page | --record | --replay | --explain | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__bridge__subcmd__xivo)
            opts="-h --address --username --password --password-file --protocol --follow --number-field --late-outbound --internal --second-answer --on-reject --hold --grace --ignore --stale --health --dry-run --sandbox --page --record --mask --replay --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --address | --username | --password | --password-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --protocol)
                    COMPREPLY=($(compgen -W "auto 1.2 2.0 2.1 2.2 2.3" -- "${cur}"))
                    return 0
                    ;;
                --follow | --number-field)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --late-outbound | --internal | --second-answer)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --on-reject)
                    COMPREPLY=($(compgen -W "none hangup" -- "${cur}"))
                    return 0
                    ;;
                --hold | --grace | --ignore | --stale | --health | --page | --record | --replay | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__calls)
            opts="-h --config --profile --url --token --token-file --output --spool-path --help list close"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config | --profile | --url | --token | --token-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__calls__subcmd__close)
            opts="-h --older-than --all --cause --raw-cause --force --forget --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --fail-open --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --field --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --older-than | --cause | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --fail-open)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                --field)
                    COMPREPLY=($(compgen -W "event call_id direction delivery action reason caller_id number attempts elapsed_ms request_id error error_class" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__calls__subcmd__list)
            opts="-h --config --profile --url --token --token-file --output --spool-path --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config | --profile | --url | --token | --token-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__check)
            opts="-w -c -h --nagios --warning --critical --stuck-after --all-profiles --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --warning | -w | --critical | -c | --stuck-after | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__completions)
            opts="-h --help bash elvish fish powershell zsh"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__config)
            opts="-h --help show check init import route"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__config__subcmd__check)
            opts="-h --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --reject-exit --fail-open --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-max-age --spool-max-age-answer --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --reject-exit | --fail-open)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-max-age | --spool-max-age-answer | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__config__subcmd__import)
            opts="-h --secrets --zammad --asterisk --help asterisk 3cx"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --secrets | --zammad | --asterisk)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__config__subcmd__init)
            opts="-h --force --config --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --reject-exit --fail-open --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-max-age --spool-max-age-answer --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --reject-exit | --fail-open)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-max-age | --spool-max-age-answer | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__config__subcmd__route)
            opts="-h --from --to --direction --queue --trunk --bridge --config --profile --url --token --token-file --output --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --from | --to)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --direction)
                    COMPREPLY=($(compgen -W "in out" -- "${cur}"))
                    return 0
                    ;;
                --queue | --trunk | --bridge | --config | --profile | --url | --token | --token-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__config__subcmd__show)
            opts="-h --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --reject-exit --fail-open --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-max-age --spool-max-age-answer --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --reject-exit | --fail-open)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-max-age | --spool-max-age-answer | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__fastagi)
            opts="-h --listen --user --secret-file --max-calls --health --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --listen | --user | --secret-file | --max-calls | --health | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__hangup)
            opts="-h --call-id --call-key --direction --from --to --answering-number --cause --raw-cause --strict-cause --answered --dialstatus --queue-status --abandoned --hangup-cause --list-causes --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --reject-exit --fail-open --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --field --dry-run --curl --show-token --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --call-id | --call-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --direction)
                    COMPREPLY=($(compgen -W "in out" -- "${cur}"))
                    return 0
                    ;;
                --from | --to | --answering-number | --cause)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --answered)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --dialstatus | --queue-status | --abandoned | --hangup-cause | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --reject-exit | --fail-open)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                --field)
                    COMPREPLY=($(compgen -W "event call_id direction delivery action reason caller_id number attempts elapsed_ms request_id error error_class" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__log)
            opts="-h --missed --since --call-id --config --profile --url --token --token-file --api-token --connect-timeout --timeout --ca-file --client-cert --client-key --insecure --output --help done"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --since | --call-id | --config | --profile | --url | --token | --token-file | --api-token | --connect-timeout | --timeout | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__log__subcmd__done)
            opts="-h --missed --older-than --dry-run --config --profile --url --token --token-file --api-token --connect-timeout --timeout --ca-file --client-cert --client-key --insecure --output --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --older-than | --config | --profile | --url | --token | --token-file | --api-token | --connect-timeout | --timeout | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__man)
            opts="-h --dir --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --dir)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__new__subcmd__call)
            opts="-h --from --to --direction --call-id --user --queue --trunk --call-key --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --reject-exit --fail-open --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --field --dry-run --curl --show-token --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --from | --to)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --direction)
                    COMPREPLY=($(compgen -W "in out" -- "${cur}"))
                    return 0
                    ;;
                --call-id | --user | --queue | --trunk | --call-key | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --reject-exit | --fail-open)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                --field)
                    COMPREPLY=($(compgen -W "event call_id direction delivery action reason caller_id number attempts elapsed_ms request_id error error_class" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__normalize)
            opts="-h --config --profile --output --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config | --profile)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__sandbox)
            opts="-h --listen --token --block --route --caller-id --zammad --interface --integration --keep --host --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --listen | --token | --block | --route | --caller-id)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --zammad)
                    COMPREPLY=($(compgen -W "5.5 7.2" -- "${cur}"))
                    return 0
                    ;;
                --interface)
                    COMPREPLY=($(compgen -W "old new" -- "${cur}"))
                    return 0
                    ;;
                --integration)
                    COMPREPLY=($(compgen -W "on off unconfigured" -- "${cur}"))
                    return 0
                    ;;
                --keep | --host)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__send)
            opts="-h --concurrency --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --reject-exit --fail-open --hangup-rejected --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --spool-path --spool --spool-mode --spool-max-events --spool-max-bytes --spool-held-timeout --spool-policy --field --dry-run --curl --show-token --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --concurrency | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --reject-exit | --fail-open)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --hangup-rejected)
                    COMPREPLY=($(compgen -W "never busy forwarded" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-mode | --spool)
                    COMPREPLY=($(compgen -W "never on-failure always" -- "${cur}"))
                    return 0
                    ;;
                --spool-max-events | --spool-max-bytes | --spool-held-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --spool-policy)
                    COMPREPLY=($(compgen -W "refuse drop-oldest" -- "${cur}"))
                    return 0
                    ;;
                --field)
                    COMPREPLY=($(compgen -W "event call_id direction delivery action reason caller_id number attempts elapsed_ms request_id error error_class" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__simulate)
            opts="-h --all --list --show --sandbox --report --from --to --user --queue --numbers --order --ring --talk --speed --calls --rate --duration --concurrency --yes-load --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --ca-file --client-cert --client-key --insecure --output --country --numbers-country --numbers-extension-digits --numbers-extension-prefix --numbers-national-digits --numbers-normalize --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --show | --report | --from | --to | --user | --queue | --numbers)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --order)
                    COMPREPLY=($(compgen -W "sequential random" -- "${cur}"))
                    return 0
                    ;;
                --ring | --talk | --speed | --calls | --rate | --duration | --concurrency | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --numbers-country | --country | --numbers-extension-digits | --numbers-extension-prefix | --numbers-national-digits)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --numbers-normalize)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__spool)
            opts="-h --help list show stats flush run retry drop"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__spool__subcmd__drop)
            opts="-h --state --all --yes --config --profile --url --token --token-file --output --spool-path --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --state)
                    COMPREPLY=($(compgen -W "waiting unconfirmed dead" -- "${cur}"))
                    return 0
                    ;;
                --config | --profile | --url | --token | --token-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__spool__subcmd__flush)
            opts="-h --concurrency --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --output --spool-path --spool-max-age --spool-max-age-answer --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --concurrency | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --spool-path | --spool-max-age | --spool-max-age-answer)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__spool__subcmd__list)
            opts="-h --state --config --profile --url --token --token-file --output --spool-path --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --state)
                    COMPREPLY=($(compgen -W "waiting unconfirmed dead" -- "${cur}"))
                    return 0
                    ;;
                --config | --profile | --url | --token | --token-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__spool__subcmd__retry)
            opts="-h --state --all --config --profile --url --token --token-file --output --spool-path --spool-max-age --spool-max-age-answer --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --state)
                    COMPREPLY=($(compgen -W "waiting unconfirmed dead" -- "${cur}"))
                    return 0
                    ;;
                --config | --profile | --url | --token | --token-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --spool-path | --spool-max-age | --spool-max-age-answer)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__spool__subcmd__run)
            opts="-h --concurrency --health --config --profile --url --token --token-file --api-token --encoding --connect-timeout --timeout --deadline --lock-dir --ca-file --client-cert --client-key --insecure --spool-path --spool-max-age --spool-max-age-answer --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --concurrency | --health | --config | --profile | --url | --token | --token-file | --api-token)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --encoding)
                    COMPREPLY=($(compgen -W "json form" -- "${cur}"))
                    return 0
                    ;;
                --connect-timeout | --timeout | --deadline | --lock-dir | --ca-file | --client-cert | --client-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --insecure)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --spool-path | --spool-max-age | --spool-max-age-answer)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__spool__subcmd__show)
            opts="-h --config --profile --url --token --token-file --output --spool-path --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config | --profile | --url | --token | --token-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__spool__subcmd__stats)
            opts="-h --prometheus --config --profile --url --token --token-file --output --spool-path --spool-max-events --spool-max-bytes --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config | --profile | --url | --token | --token-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --output)
                    COMPREPLY=($(compgen -W "text json shell" -- "${cur}"))
                    return 0
                    ;;
                --spool-path | --spool-max-events | --spool-max-bytes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        zammad__cti__subcmd__watch)
            opts="-h --once --config --profile --url --token --token-file --spool-path --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --config | --profile | --url | --token | --token-file | --spool-path)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
    esac
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _zammad__cti -o nosort -o bashdefault -o default zammad-cti
else
    complete -F _zammad__cti -o bashdefault -o default zammad-cti
fi
