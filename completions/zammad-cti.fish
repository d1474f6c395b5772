# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_zammad_cti_global_optspecs
    string join \n h/help V/version
end

function __fish_zammad_cti_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_zammad_cti_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_zammad_cti_using_subcommand
    set -l cmd (__fish_zammad_cti_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -s V -l version -d 'Print version'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "new-call" -d 'Report a call that starts to ring'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "answer" -d 'Report that somebody picked up'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "hangup" -d 'Report that a call ended'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "send" -d 'Send events from a file, one JSON object a line'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "simulate" -d 'Play whole calls, and show what agents see'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "sandbox" -d 'Run a stand-in for Zammad, to try out a phone system'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "check" -d 'Check the connection to Zammad, without leaving a call there'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "normalize" -d 'Show how numbers are read, what is sent, and what Zammad looks up'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "agi" -d 'Report an event from Asterisk\'s dialplan, as an AGI program'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "fastagi" -d 'Serve AGI over the network: one process for all calls'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "bridge" -d 'Follow a whole phone system, and report its calls'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "spool" -d 'Manage the events that wait for Zammad'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "calls" -d 'List open calls that this machine reported, and end stuck ones'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "watch" -d 'Watch open calls, waiting events and bridges in the terminal'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "log" -d 'See Zammad\'s caller log as an agent sees it, and tick calls off'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "config" -d 'Show, check, write or import the configuration'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "completions" -d 'Print completions for a shell'
complete -c zammad-cti -n "__fish_zammad_cti_needs_command" -f -a "man" -d 'Print the man page, or write all man pages'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l from -d 'The calling party: a number in any usual form, an extension, or empty if withheld' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l to -d 'The called party' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l direction -d 'The direction, seen from the agents: `in` if a customer calls' -r -f -a "in\t'a customer calls'
out\t'an agent calls'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l call-id -d 'The id in all events of the call, unique for a year; `auto` generates one, which `--field call_id` and the JSON output show' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l user -d 'The name of the agent who is called or who calls, as agents see it; repeat it for a group' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l queue -d 'The queue; agents with this caller-log filter see the call' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l trunk -d 'The line that the call crosses, as the phone system calls it: [[routes]] go by it' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l call-key -d 'A name that answer and hangup can use instead of the id, such as the channel\'s; needs a spool' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l reject-exit -d 'Exit with 10 when Zammad rejects the call' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l fail-open -d 'Print `none` and exit with 0 when an event cannot be delivered, so that the call goes on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l field -d 'Print only this value of the result, without a newline' -r -f -a "event\t''
call_id\t''
direction\t''
delivery\t''
action\t''
reason\t''
caller_id\t''
number\t''
attempts\t''
elapsed_ms\t''
request_id\t''
error\t''
error_class\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l dry-run -d 'Print the request instead of sending it'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l curl -d 'Print a curl command that does the same, instead of sending the request'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -l show-token -d 'Show the token in --dry-run and --curl'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand new-call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l call-id -d 'The id of the call\'s new-call' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l call-key -d 'The --call-key of the call\'s new-call, instead of the id' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l direction -d 'The direction of the call\'s new-call [default: from the spool\'s journal; without it `in`, with a warning]' -r -f -a "in\t'a customer calls'
out\t'an agent calls'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l from -d 'The calling party' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l to -d 'The called party' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l answering-number -d 'The extension or number that picked up' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l user -d 'The Zammad login of the agent who picked up; only one [default: from the table [agents] of the configuration, by --endpoint or --answering-number]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l endpoint -d 'The endpoint that picked up, such as PJSIP/anna, for the table [agents]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l reject-exit -d 'Exit with 10 when Zammad rejects the call' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l fail-open -d 'Print `none` and exit with 0 when an event cannot be delivered, so that the call goes on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l field -d 'Print only this value of the result, without a newline' -r -f -a "event\t''
call_id\t''
direction\t''
delivery\t''
action\t''
reason\t''
caller_id\t''
number\t''
attempts\t''
elapsed_ms\t''
request_id\t''
error\t''
error_class\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l voicemail -d 'Voicemail picked up; after the hangup, the call stays open as a voice message'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l force-user -d 'Send --user for an outbound call too, although it replaces the customer\'s name'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l dry-run -d 'Print the request instead of sending it'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l curl -d 'Print a curl command that does the same, instead of sending the request'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -l show-token -d 'Show the token in --dry-run and --curl'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand answer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l call-id -d 'The id of the call\'s new-call' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l call-key -d 'The --call-key of the call\'s new-call, instead of the id' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l direction -d 'The direction of the call\'s new-call [default: from the spool\'s journal; without it `in`, with a warning]' -r -f -a "in\t'a customer calls'
out\t'an agent calls'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l from -d 'The calling party' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l to -d 'The called party' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l answering-number -d 'The extension or number that picked up' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l cause -d 'The cause: Zammad\'s word, a Q.850 number, an Asterisk DIALSTATUS, sip:486, or a FreeSWITCH name' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l answered -d 'The call was answered, so a hangup whose reply is lost may be sent again' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l dialstatus -d 'Without --cause, or if it is empty: Asterisk\'s ${DIALSTATUS} of the last Dial' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l queue-status -d 'Asterisk\'s ${QUEUESTATUS} of the last Queue; empty if the caller gave up' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l abandoned -d 'Asterisk\'s ${ABANDONED}, TRUE after a queue in which nobody answered' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l hangup-cause -d 'Asterisk\'s ${HANGUPCAUSE}, used if the others are empty' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l reject-exit -d 'Exit with 10 when Zammad rejects the call' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l fail-open -d 'Print `none` and exit with 0 when an event cannot be delivered, so that the call goes on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l field -d 'Print only this value of the result, without a newline' -r -f -a "event\t''
call_id\t''
direction\t''
delivery\t''
action\t''
reason\t''
caller_id\t''
number\t''
attempts\t''
elapsed_ms\t''
request_id\t''
error\t''
error_class\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l raw-cause -d 'Send the cause as given; agents see unknown words as they are'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l strict-cause -d 'Refuse a hangup whose cause is unknown'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l list-causes -d 'List the known causes, and exit'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l dry-run -d 'Print the request instead of sending it'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l curl -d 'Print a curl command that does the same, instead of sending the request'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -l show-token -d 'Show the token in --dry-run and --curl'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand hangup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l concurrency -d 'Send this many calls at the same time, each on its own connection (1 to 256)' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l reject-exit -d 'Exit with 10 when Zammad rejects the call' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l fail-open -d 'Print `none` and exit with 0 when an event cannot be delivered, so that the call goes on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l field -d 'Print only this value of the result, without a newline' -r -f -a "event\t''
call_id\t''
direction\t''
delivery\t''
action\t''
reason\t''
caller_id\t''
number\t''
attempts\t''
elapsed_ms\t''
request_id\t''
error\t''
error_class\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l dry-run -d 'Print the request instead of sending it'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l curl -d 'Print a curl command that does the same, instead of sending the request'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -l show-token -d 'Show the token in --dry-run and --curl'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l show -d 'Print a scenario as a file, and exit' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l report -d 'Also write a report for a build server or another program' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l from -d 'The calling party' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l to -d 'The called party' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l user -d 'An agent' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l queue -d 'The queue' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l numbers -d 'Each call uses the next line of this CSV file' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l order -d 'The order of the lines of --numbers: sequential, random' -r -f -a "sequential\t''
random\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l ring -d 'The time that phones ring, such as 3s' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l talk -d 'The time that parties talk, such as 10s' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l speed -d 'Let time pass this many times faster' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l calls -d 'Play this many calls' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l rate -d 'Start this many calls a second, such as 20/s [default: as many as possible]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l duration -d 'Play calls for this time, such as 60s' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l concurrency -d 'Use this many connections [default: 16]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l all -d 'Play all built-in scenarios'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l list -d 'List the built-in scenarios, and exit'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l sandbox -d 'Play against the stand-in, even if an endpoint is configured'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -l yes-load -d 'Allow more than one call a second, although agents see all of them'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -l listen -d 'Listen on this address; port 0 picks a free port' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -l token -d 'The token in its address [default: a random one]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -l block -d 'A caller to reject; numbers are compared as text, so give E.164 digits without plus' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -l route -d 'The caller id for outbound calls to DEST; `*` in DEST is one or more characters' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -l caller-id -d 'The caller id for all other outbound calls' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -l zammad -d 'The release of Zammad whose error messages are used' -r -f -a "5.5\t''
7.2\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -l interface -d 'Zammad\'s web interface that the page is like: who gets a popup, and what the counter counts' -r -f -a "old\t'the one that Zammad has had from the beginning'
new\t'the desktop interface, whose caller log came in 2026'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -l integration -d 'Whether the integration is switched on' -r -f -a "on\t'switched on and configured'
off\t'switched off'
unconfigured\t'switched on, but without a configuration'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -l keep -d 'Keep this many calls in the log, and drop the oldest' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -l host -d 'Another name of this machine for the page, the log and the switches, besides its addresses and localhost; events may be sent to any name' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -s w -l warning -d 'Limits for WARNING [default: time=1s,days=14,age=10m,dead=1,stuck=1]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -s c -l critical -d 'Limits for CRITICAL [default: time=5s,days=7,age=1h]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l stuck-after -d 'Calls that are open for longer count as stuck [default: 12h]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l nagios -d 'Print one line for Nagios, Icinga and similar systems, with performance data'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -l all-profiles -d 'Check the top level of the configuration file and each profile'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand normalize" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand normalize" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand normalize" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand normalize" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand normalize" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand normalize" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand normalize" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand normalize" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand normalize" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and not __fish_seen_subcommand_from new-call answer hangup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and not __fish_seen_subcommand_from new-call answer hangup" -f -a "new-call" -d 'Report the call of this channel, and set Zammad\'s decision as variables'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and not __fish_seen_subcommand_from new-call answer hangup" -f -a "answer" -d 'Report that this channel picked up'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and not __fish_seen_subcommand_from new-call answer hangup" -f -a "hangup" -d 'Report that the call of this channel ended'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l direction -d 'The direction, seen from the agents: `in` if a customer calls [default: in]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l from -d 'The calling party [default: the channel\'s caller number]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l to -d 'The called party [default: the number that was dialled first, or else the extension]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l call-id -d 'The id in all events of the call [default: the channel\'s unique id]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l user -d 'The name of the agent who is called or who calls, as agents see it; repeat it for a group' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l queue -d 'The queue; agents with this caller-log filter see the call' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l trunk -d 'The line that the call crosses: [[routes]] go by it [default: of an inbound call the channel\'s endpoint, such as PJSIP/provider]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from new-call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l call-id -d 'The id of the call\'s new-call [default: ZAMMAD_CALLID of the caller\'s channel]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l direction -d 'The direction of the call\'s new-call [default: ZAMMAD_DIRECTION of the caller\'s channel]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l answering-number -d 'The number that picked up [default: this channel\'s own number; none for an outbound call]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l user -d 'The Zammad login of the agent who picked up [default: from the table [agents] of the configuration, by the channel\'s endpoint or number]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l voicemail -d 'Voicemail picks up; run this on the caller\'s channel, before VoiceMail()'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -l handed-over -d 'The event is on the standard input, and nobody waits for it'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from answer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l call-id -d 'The id of the call\'s new-call [default: ZAMMAD_CALLID]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l direction -d 'The direction of the call\'s new-call [default: ZAMMAD_DIRECTION]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l cause -d 'The cause, a word of `zammad-cti hangup --list-causes`; overrides the channel\'s' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -l handed-over -d 'The event is on the standard input, and nobody waits for it'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand agi; and __fish_seen_subcommand_from hangup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l listen -d 'Listen on this address; port 0 picks a free port. Everyone who reaches it can report calls, unless --user or --secret-file restricts that' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l user -d 'On this machine, only accept processes of this user, such as asterisk; repeat it for several users. Root must be named like any other user' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l secret-file -d 'A file with a secret of at least 16 characters; only clients with the secret in their address can report calls. Others must not be able to read the file [default: the file named by ZAMMAD_CTI_FASTAGI_SECRET_FILE, or the secret in ZAMMAD_CTI_FASTAGI_SECRET]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l max-calls -d 'Serve at most this many calls of one user, or of one other machine, at the same time; more are refused, and go on. Eight times as many of their events may wait for Zammad' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l health -d 'Serve monitoring systems on this address: /healthz replies 200, or 503 with the reason; /metrics has figures' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand fastagi" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and not __fish_seen_subcommand_from asterisk freeswitch 3cx xivo webhook fritzbox wazo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and not __fish_seen_subcommand_from asterisk freeswitch 3cx xivo webhook fritzbox wazo" -f -a "asterisk" -d 'Follow an Asterisk or a FreePBX through its manager interface'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and not __fish_seen_subcommand_from asterisk freeswitch 3cx xivo webhook fritzbox wazo" -f -a "freeswitch" -d 'Follow a FreeSWITCH or a FusionPBX through its event socket'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and not __fish_seen_subcommand_from asterisk freeswitch 3cx xivo webhook fritzbox wazo" -f -a "3cx" -d 'Follow a 3CX of any version'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and not __fish_seen_subcommand_from asterisk freeswitch 3cx xivo webhook fritzbox wazo" -f -a "xivo" -d 'Follow a XiVO through the server of its desktop client'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and not __fish_seen_subcommand_from asterisk freeswitch 3cx xivo webhook fritzbox wazo" -f -a "webhook" -d 'Take what hosted phone systems send: sipgate, Placetel, Yeastar, Twilio, Telnyx, Aircall, DIDWW and others'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and not __fish_seen_subcommand_from asterisk freeswitch 3cx xivo webhook fritzbox wazo" -f -a "fritzbox" -d 'Follow a FRITZ!Box through its call monitor'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and not __fish_seen_subcommand_from asterisk freeswitch 3cx xivo webhook fritzbox wazo" -f -a "wazo" -d 'Follow a Wazo since 19.04 through the events of its WebSocket'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l address -d 'Asterisk\'s manager interface [default: 127.0.0.1:5038]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l tls -d 'Speak TLS to it, as manager.conf\'s tlsbindaddr wants it' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l bridge-asterisk-ca-file -d 'With --tls, trust the certificates in this PEM file, in place of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l username -d 'The account there, a section of manager.conf' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l secret -d 'Its secret' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l secret-file -d 'A file that holds its secret; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l trunk-contexts -d 'The contexts in which calls from outside begin: patterns with * for any characters, separated by commas [default: from-trunk*, from-pstn*, and those of FreePBX]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l trunk-channels -d 'Channels that are trunks, such as PJSIP/provider*: patterns, separated by commas' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l outside-prefix -d 'What phones dial to get out of the house, such as 0 or 9' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l internal -d 'Report calls between two extensions too' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l second-answer -d 'After a transfer, report an answer of the agent who took the call over: the ticket screen opens there, and Zammad counts the talk from then on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l on-reject -d 'What happens to a caller whom Zammad blocks [default: none]' -r -f -a "none\t'the call goes on'
hangup\t'the caller is disconnected'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l hold -d 'How long a new call waits for the others who ring, so that all are named; at most 2s [default: 150ms; 1s for a FRITZ!Box]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l grace -d 'How long a call may be missing from a phone system\'s list before it counts as ended [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l ignore -d 'Calls that are not reported: patterns for their numbers, queue, trunk and extensions, with * for any characters, separated by commas' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l stale -d 'A call of which nothing was heard for so long is over [default: 6h]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l health -d 'Answer monitoring systems here: /healthz says 200 or 503 with the reason, /metrics has figures' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l page -d 'Show the calls as they come on a live page at this address' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l record -d 'Write what the phone system says to this file, one JSON object a line, without secrets' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l replay -d 'With --dry-run, take such a file in place of the phone system, by its own clock and without waiting' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l dry-run -d 'Print the events, and send none'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l sandbox -d 'Report to a stand-in for Zammad in this process, although an endpoint is configured: nothing leaves this machine, and a browser shows what agents would see'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -l mask -d 'In that file, put other numbers and names in place of the true ones, the same for the same'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from asterisk" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l address -d 'FreeSWITCH\'s event socket [default: 127.0.0.1:8021]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l username -d 'A user of the directory with esl-password, such as zammad@pbx.example.com, in place of the event socket\'s own password' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l password -d 'The password of event_socket.conf.xml, or of that user [default: ClueCon]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l password-file -d 'A file that holds the password; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l inbound-contexts -d 'The contexts in which calls from outside begin: patterns with * for any characters, separated by commas [default: public]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l domains -d 'Tenants whose calls are reported, by their domains: patterns, separated by commas [default: all]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l queue-domain -d 'Report a queue by its whole name, support@pbx.example.com in place of support' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l internal -d 'Report calls between two extensions too' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l second-answer -d 'After a transfer, report an answer of the agent who took the call over: the ticket screen opens there, and Zammad counts the talk from then on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l on-reject -d 'What happens to a caller whom Zammad blocks [default: none]' -r -f -a "none\t'the call goes on'
hangup\t'the caller is disconnected'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l hold -d 'How long a new call waits for the others who ring, so that all are named; at most 2s [default: 150ms; 1s for a FRITZ!Box]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l grace -d 'How long a call may be missing from a phone system\'s list before it counts as ended [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l ignore -d 'Calls that are not reported: patterns for their numbers, queue, trunk and extensions, with * for any characters, separated by commas' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l stale -d 'A call of which nothing was heard for so long is over [default: 6h]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l health -d 'Answer monitoring systems here: /healthz says 200 or 503 with the reason, /metrics has figures' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l page -d 'Show the calls as they come on a live page at this address' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l record -d 'Write what the phone system says to this file, one JSON object a line, without secrets' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l replay -d 'With --dry-run, take such a file in place of the phone system, by its own clock and without waiting' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l dry-run -d 'Print the events, and send none'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l sandbox -d 'Report to a stand-in for Zammad in this process, although an endpoint is configured: nothing leaves this machine, and a browser shows what agents would see'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -l mask -d 'In that file, put other numbers and names in place of the true ones, the same for the same'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from freeswitch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l 3cx-url -d 'The address of the 3CX, such as `https://pbx.example.com:5001`' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l bridge-3cx-ca-file -d 'Trust the certificates in this PEM file, in place of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l api -d 'How it is followed [default: auto]' -r -f -a "auto\t'by what its login page says'
v20\t'by its Call Control API, since version 20'
v20-activecalls\t'by its list of active calls, since version 20'
legacy\t'by its console\'s list of active calls, before version 20'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l client-id -d 'Since version 20: the API client, as the console has it' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l client-secret -d 'Its secret, which the 3CX calls API key' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l client-secret-file -d 'A file that holds its secret, which nobody else may read' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l username -d 'Before version 20: an account of the console' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l password -d 'Its password' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l password-file -d 'A file that holds the password, which nobody else may read' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l group -d 'Before version 20: report this group\'s calls only' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l queues -d 'The numbers of queues, with * for any characters' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l extensions -d 'Where the 3CX does not tell: extensions of people, as patterns, or how many digits extensions have' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l trunks -d 'Where the 3CX does not tell: the numbers of trunks, as patterns, or how many digits they have' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l trunk-numbers -d 'The number that callers of a trunk have dialled, where the 3CX does not tell: such as 10000=493023125100' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l poll-interval -d 'How often a list of calls is asked for, where the 3CX does not tell of changes [default: 500ms]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l internal -d 'Report calls between two extensions too' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l second-answer -d 'After a transfer, report an answer of the agent who took the call over: the ticket screen opens there, and Zammad counts the talk from then on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l on-reject -d 'What happens to a caller whom Zammad blocks [default: none]' -r -f -a "none\t'the call goes on'
hangup\t'the caller is disconnected'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l hold -d 'How long a new call waits for the others who ring, so that all are named; at most 2s [default: 150ms; 1s for a FRITZ!Box]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l grace -d 'How long a call may be missing from a phone system\'s list before it counts as ended [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l ignore -d 'Calls that are not reported: patterns for their numbers, queue, trunk and extensions, with * for any characters, separated by commas' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l stale -d 'A call of which nothing was heard for so long is over [default: 6h]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l health -d 'Answer monitoring systems here: /healthz says 200 or 503 with the reason, /metrics has figures' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l page -d 'Show the calls as they come on a live page at this address' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l record -d 'Write what the phone system says to this file, one JSON object a line, without secrets' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l replay -d 'With --dry-run, take such a file in place of the phone system, by its own clock and without waiting' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l dry-run -d 'Print the events, and send none'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l sandbox -d 'Report to a stand-in for Zammad in this process, although an endpoint is configured: nothing leaves this machine, and a browser shows what agents would see'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -l mask -d 'In that file, put other numbers and names in place of the true ones, the same for the same'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from 3cx" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l address -d 'XiVO\'s CTI server [default: 127.0.0.1:5003]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l username -d 'A user of XiVO with access to the CTI client' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l password -d 'The user\'s password' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l password-file -d 'A file that holds the password; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l protocol -d 'The server\'s protocol [default: auto]' -r -f -a "auto\t'what the server says'
1.2\t'up to 15.20; the password is hashed'
2.0\t'16.01'
2.1\t'16.04'
2.2\t'16.09, and XiVO.solutions'
2.3\t'17.16'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l follow -d 'What calls are put together from: forms, queues, channels, own-line, hints, separated by commas [default: forms,queues,channels]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l number-field -d 'The field of call forms that has the caller\'s number, if it is not named like XiVO\'s variable [default: Numéro]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l late-outbound -d 'Report calls to the outside when they are over, if call forms tell the number only then' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l internal -d 'Report calls between two extensions too' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l second-answer -d 'After a transfer, report an answer of the agent who took the call over: the ticket screen opens there, and Zammad counts the talk from then on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l on-reject -d 'What happens to a caller whom Zammad blocks [default: none]' -r -f -a "none\t'the call goes on'
hangup\t'the caller is disconnected'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l hold -d 'How long a new call waits for the others who ring, so that all are named; at most 2s [default: 150ms; 1s for a FRITZ!Box]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l grace -d 'How long a call may be missing from a phone system\'s list before it counts as ended [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l ignore -d 'Calls that are not reported: patterns for their numbers, queue, trunk and extensions, with * for any characters, separated by commas' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l stale -d 'A call of which nothing was heard for so long is over [default: 6h]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l health -d 'Answer monitoring systems here: /healthz says 200 or 503 with the reason, /metrics has figures' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l page -d 'Show the calls as they come on a live page at this address' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l record -d 'Write what the phone system says to this file, one JSON object a line, without secrets' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l replay -d 'With --dry-run, take such a file in place of the phone system, by its own clock and without waiting' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l dry-run -d 'Print the events, and send none'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l sandbox -d 'Report to a stand-in for Zammad in this process, although an endpoint is configured: nothing leaves this machine, and a browser shows what agents would see'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -l mask -d 'In that file, put other numbers and names in place of the true ones, the same for the same'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from xivo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l listen -d 'Where requests are taken, behind a proxy that speaks HTTPS [default: 127.0.0.1:8088]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l internal -d 'Report calls between two extensions too' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l second-answer -d 'After a transfer, report an answer of the agent who took the call over: the ticket screen opens there, and Zammad counts the talk from then on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l on-reject -d 'What happens to a caller whom Zammad blocks [default: none]' -r -f -a "none\t'the call goes on'
hangup\t'the caller is disconnected'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l hold -d 'How long a new call waits for the others who ring, so that all are named; at most 2s [default: 150ms; 1s for a FRITZ!Box]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l grace -d 'How long a call may be missing from a phone system\'s list before it counts as ended [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l ignore -d 'Calls that are not reported: patterns for their numbers, queue, trunk and extensions, with * for any characters, separated by commas' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l stale -d 'A call of which nothing was heard for so long is over [default: 6h]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l health -d 'Answer monitoring systems here: /healthz says 200 or 503 with the reason, /metrics has figures' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l page -d 'Show the calls as they come on a live page at this address' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l record -d 'Write what the phone system says to this file, one JSON object a line, without secrets' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l replay -d 'With --dry-run, take such a file in place of the phone system, by its own clock and without waiting' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l explain -d 'Show what a request\'s body on stdin says and what follows from it, and end. NAME is a hook of the configuration or a preset; without it, all hooks are tried, or all presets' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l dry-run -d 'Print the events, and send none'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l sandbox -d 'Report to a stand-in for Zammad in this process, although an endpoint is configured: nothing leaves this machine, and a browser shows what agents would see'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -l mask -d 'In that file, put other numbers and names in place of the true ones, the same for the same'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from webhook" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l address -d 'The box\'s call monitor [default: fritz.box:1012]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l area-code -d 'The area code, such as 030: for numbers that are dialled or shown without it' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l voicemail -d 'The extensions of answering machines, as numbers and ranges, separated by commas [default: 6,40-44]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l internal -d 'Report calls between two extensions too' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l second-answer -d 'After a transfer, report an answer of the agent who took the call over: the ticket screen opens there, and Zammad counts the talk from then on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l on-reject -d 'What happens to a caller whom Zammad blocks [default: none]' -r -f -a "none\t'the call goes on'
hangup\t'the caller is disconnected'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l hold -d 'How long a new call waits for the others who ring, so that all are named; at most 2s [default: 150ms; 1s for a FRITZ!Box]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l grace -d 'How long a call may be missing from a phone system\'s list before it counts as ended [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l ignore -d 'Calls that are not reported: patterns for their numbers, queue, trunk and extensions, with * for any characters, separated by commas' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l stale -d 'A call of which nothing was heard for so long is over [default: 6h]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l health -d 'Answer monitoring systems here: /healthz says 200 or 503 with the reason, /metrics has figures' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l page -d 'Show the calls as they come on a live page at this address' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l record -d 'Write what the phone system says to this file, one JSON object a line, without secrets' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l replay -d 'With --dry-run, take such a file in place of the phone system, by its own clock and without waiting' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l dry-run -d 'Print the events, and send none'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l sandbox -d 'Report to a stand-in for Zammad in this process, although an endpoint is configured: nothing leaves this machine, and a browser shows what agents would see'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -l mask -d 'In that file, put other numbers and names in place of the true ones, the same for the same'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from fritzbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l wazo-url -d 'Wazo\'s address [default: https://127.0.0.1]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l username -d 'A user of Wazo\'s authentication, best of purpose external_api' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l password -d 'The user\'s password' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l password-file -d 'A file that holds the password; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l bridge-wazo-token-file -d 'In place of user and password: a file that holds a token, and a new one before that ends' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l bridge-wazo-ca-file -d 'Trust the certificates in this PEM file, in place of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l internal -d 'Report calls between two extensions too' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l second-answer -d 'After a transfer, report an answer of the agent who took the call over: the ticket screen opens there, and Zammad counts the talk from then on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l on-reject -d 'What happens to a caller whom Zammad blocks [default: none]' -r -f -a "none\t'the call goes on'
hangup\t'the caller is disconnected'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l hold -d 'How long a new call waits for the others who ring, so that all are named; at most 2s [default: 150ms; 1s for a FRITZ!Box]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l grace -d 'How long a call may be missing from a phone system\'s list before it counts as ended [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l ignore -d 'Calls that are not reported: patterns for their numbers, queue, trunk and extensions, with * for any characters, separated by commas' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l stale -d 'A call of which nothing was heard for so long is over [default: 6h]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l health -d 'Answer monitoring systems here: /healthz says 200 or 503 with the reason, /metrics has figures' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l page -d 'Show the calls as they come on a live page at this address' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l record -d 'Write what the phone system says to this file, one JSON object a line, without secrets' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l replay -d 'With --dry-run, take such a file in place of the phone system, by its own clock and without waiting' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l dry-run -d 'Print the events, and send none'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l sandbox -d 'Report to a stand-in for Zammad in this process, although an endpoint is configured: nothing leaves this machine, and a browser shows what agents would see'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -l mask -d 'In that file, put other numbers and names in place of the true ones, the same for the same'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand bridge; and __fish_seen_subcommand_from wazo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and not __fish_seen_subcommand_from list show stats flush run retry drop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and not __fish_seen_subcommand_from list show stats flush run retry drop" -f -a "list" -d 'List the events in the spool, oldest first'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and not __fish_seen_subcommand_from list show stats flush run retry drop" -f -a "show" -d 'Show events in full, with the result of each attempt'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and not __fish_seen_subcommand_from list show stats flush run retry drop" -f -a "stats" -d 'Show figures: how much waits, for how long, and all-time counts'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and not __fish_seen_subcommand_from list show stats flush run retry drop" -f -a "flush" -d 'Send what waits, once; for cron'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and not __fish_seen_subcommand_from list show stats flush run retry drop" -f -a "run" -d 'Send events as they come, until SIGTERM; for a service'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and not __fish_seen_subcommand_from list show stats flush run retry drop" -f -a "retry" -d 'Send dead, unconfirmed or delayed events again'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and not __fish_seen_subcommand_from list show stats flush run retry drop" -f -a "drop" -d 'Remove events from the spool, so that they are never sent'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from list" -l state -d 'Only list events in this state' -r -f -a "waiting\t'it will be sent'
unconfirmed\t'Zammad may have it, and a second copy would show agents something false'
dead\t'it was given up'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from list" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from list" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from list" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from list" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from list" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from list" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from show" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from show" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from show" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from show" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from show" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from show" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -l prometheus -d 'Print the figures in Prometheus\' text format'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l concurrency -d 'Send this many calls at the same time, each on its own connection (1 to 256)' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l spool-max-age -d 'Give up events that are older [default: 7d]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -l spool-max-age-answer -d 'Give up answers that are older, because an answer opens a ticket screen [default: 5m]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from flush" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l concurrency -d 'Send this many calls at the same time, each on its own connection (1 to 256)' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l health -d 'Serve monitoring systems on this address: /healthz replies 200, or 503 with the reason; /metrics has figures' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l spool-max-age -d 'Give up events that are older [default: 7d]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -l spool-max-age-answer -d 'Give up answers that are older, because an answer opens a ticket screen [default: 5m]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l state -d 'Events in this state' -r -f -a "waiting\t'it will be sent'
unconfirmed\t'Zammad may have it, and a second copy would show agents something false'
dead\t'it was given up'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l spool-max-age -d 'Give up events that are older [default: 7d]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l spool-max-age-answer -d 'Give up answers that are older, because an answer opens a ticket screen [default: 5m]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -l all -d 'All events, including waiting ones'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -l state -d 'Events in this state' -r -f -a "waiting\t'it will be sent'
unconfirmed\t'Zammad may have it, and a second copy would show agents something false'
dead\t'it was given up'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -l all -d 'All events, including waiting ones'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -l yes -d 'Do not ask before --all; it asks on a terminal only'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand spool; and __fish_seen_subcommand_from drop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and not __fish_seen_subcommand_from list close" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and not __fish_seen_subcommand_from list close" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and not __fish_seen_subcommand_from list close" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and not __fish_seen_subcommand_from list close" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and not __fish_seen_subcommand_from list close" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and not __fish_seen_subcommand_from list close" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and not __fish_seen_subcommand_from list close" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and not __fish_seen_subcommand_from list close" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and not __fish_seen_subcommand_from list close" -f -a "list" -d 'List the open calls, oldest first'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and not __fish_seen_subcommand_from list close" -f -a "close" -d 'End calls in Zammad that the phone system has forgotten'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from list" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from list" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from list" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from list" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from list" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from list" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l older-than -d 'Calls that have been open for longer, such as 4h' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l cause -d 'The cause, a word of `zammad-cti hangup --list-causes` [default: normalClearing for an answered call, cancel for others]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l fail-open -d 'Print `none` and exit with 0 when an event cannot be delivered, so that the call goes on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l field -d 'Print only this value of the result, without a newline' -r -f -a "event\t''
call_id\t''
direction\t''
delivery\t''
action\t''
reason\t''
caller_id\t''
number\t''
attempts\t''
elapsed_ms\t''
request_id\t''
error\t''
error_class\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l all -d 'All open calls'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l raw-cause -d 'Send the cause as given; agents see unknown words as they are'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l force -d 'Also close calls whose hangup is in doubt; first check that they still ring in Zammad\'s caller log'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -l forget -d 'Remove the calls from the list without a hangup; first check that they have ended in Zammad\'s caller log'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand calls; and __fish_seen_subcommand_from close" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand watch" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand watch" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand watch" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand watch" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand watch" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand watch" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand watch" -l once -d 'Print the view once, and exit'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l since -d 'Those that began within this time, such as 2h' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l call-id -d 'This call, by the id that the phone system gave it' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -l missed -d 'Those that nobody took, voice messages among them'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and not __fish_seen_subcommand_from done" -f -a "done" -d 'Tick calls off, so that agents no longer see them as missed'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l older-than -d 'With --missed: those that began longer ago, such as 30d' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l missed -d 'All that nobody took, voice messages among them'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -l dry-run -d 'Print which calls would be ticked off, and change nothing'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand log; and __fish_seen_subcommand_from done" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and not __fish_seen_subcommand_from show check init import route" -s h -l help -d 'Print help'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and not __fish_seen_subcommand_from show check init import route" -f -a "show" -d 'Show each setting and where it comes from'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and not __fish_seen_subcommand_from show check init import route" -f -a "check" -d 'Check the configuration without sending anything'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and not __fish_seen_subcommand_from show check init import route" -f -a "init" -d 'Write a commented configuration file that only you can read'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and not __fish_seen_subcommand_from show check init import route" -f -a "import" -d 'Convert the configuration file of another program'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and not __fish_seen_subcommand_from show check init import route" -f -a "route" -d 'Show which Zammad a call would go to, and why'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l reject-exit -d 'Exit with 10 when Zammad rejects the call' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l fail-open -d 'Print `none` and exit with 0 when an event cannot be delivered, so that the call goes on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l spool-max-age -d 'Give up events that are older [default: 7d]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l spool-max-age-answer -d 'Give up answers that are older, because an answer opens a ticket screen [default: 5m]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l reject-exit -d 'Exit with 10 when Zammad rejects the call' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l fail-open -d 'Print `none` and exit with 0 when an event cannot be delivered, so that the call goes on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l spool-max-age -d 'Give up events that are older [default: 7d]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l spool-max-age-answer -d 'Give up answers that are older, because an answer opens a ticket screen [default: 5m]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l api-token -d 'An access token of a Zammad user with the permission cti.agent, with which simulate and the spool read the caller log' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l encoding -d 'The encoding of events [default: json]' -r -f -a "json\t''
form\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l connect-timeout -d 'The time limit for name lookup, connection and TLS of one attempt [default: 2s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l timeout -d 'The time limit for one attempt, such as 5s or 800ms [default: 5s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l deadline -d 'The time limit for an event with all retries [default: 8s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l lock-dir -d 'A folder of this user, in which the events of one call wait for each other [default: $XDG_RUNTIME_DIR/zammad-cti, or /run/zammad-cti/UID with the package, or /run/lock/zammad-cti-UID]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l client-cert -d 'Send the certificate in this PEM file to a server that asks for one' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l client-key -d 'The PEM file with the key of --client-cert; others must not be able to read it [default: the file of --client-cert]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l insecure -d 'Do not verify Zammad\'s certificate; everyone in between can then read the token' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l reject-exit -d 'Exit with 10 when Zammad rejects the call' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l fail-open -d 'Print `none` and exit with 0 when an event cannot be delivered, so that the call goes on' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l hangup-rejected -d 'When Zammad rejects a call, send its hangup at once, with this cause [default: never; of agi and fastagi with a spool, busy]' -r -f -a "never\t'do not send it; the phone system reports the end of the call'
busy\t'the caller log shows a missed call'
forwarded\t'the caller log shows a call that is done'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l spool-mode -l spool -d 'When to keep events [default: on-failure]' -r -f -a "never\t'do not use the spool'
on-failure\t'if Zammad has not taken the event within its deadline'
always\t'keep all events at once; Zammad is not asked, and the call does not wait'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l spool-max-events -d 'Keep at most this many events [default: 1000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l spool-max-bytes -d 'Keep at most this many bytes of events [default: 1000000000]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l spool-max-age -d 'Give up events that are older [default: 7d]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l spool-max-age-answer -d 'Give up answers that are older, because an answer opens a ticket screen [default: 5m]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l spool-held-timeout -d 'While Zammad is unreachable, try a newCall once for this time before it is kept, because its reply may be a decision; 0s does not try [default: 1s]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l spool-policy -d 'What to do with an event when the spool is full [default: refuse]' -r -f -a "refuse\t'refuse the event, and tell its sender'
drop-oldest\t'drop the event that has waited longest, and count it'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -l force -d 'Replace an existing file'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from import" -l secrets -d 'Of 3cx: write each secret to a file of its own in this folder, and its name into the result' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from import" -l zammad -d 'Of asterisk: the section with Zammad\'s address, like the option --zammad of asterisk-zammad-cti-bridge' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from import" -l asterisk -d 'Of asterisk: the section with Asterisk\'s account, as its option --asterisk; the other sections become profiles' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l from -d 'The calling party' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l to -d 'The called party' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l direction -d 'The direction, seen from the agents' -r -f -a "in\t'a customer calls'
out\t'an agent calls'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l queue -d 'The queue' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l trunk -d 'The line that the call crosses, as the phone system calls it' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l bridge -d 'The source that a bridge follows, such as asterisk' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l config -d 'The configuration file [default: ~/.config/zammad-cti/config.toml, or else /etc/zammad-cti/config.toml]' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l profile -d 'Use the table [profiles.NAME] of the configuration file, which overrides the top level' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l url -d 'Zammad\'s CTI endpoint with the token, as the admin page shows it; or only Zammad\'s address, with --token or --token-file' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l token -d 'The token, if it is not part of the URL' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l token-file -d 'A file with the token; others must not be able to read it' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l output -d 'The format of results [default: text]' -r -f -a "text\t'one short line for a person or a dialplan'
json\t'one object with stable keys'
shell\t'quoted assignments, safe to `eval`'"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l numbers-country -l country -d 'The phone system\'s country, such as DE; national numbers get its country code' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l numbers-extension-digits -d 'Numbers with up to this many digits are extensions [default: 5]' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l numbers-extension-prefix -d 'Put these digits in front of an extension, such as 493055571' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l numbers-national-digits -d 'Numbers with exactly this many digits are national, even without a prefix; 10 in the US' -r
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l numbers-normalize -d 'Convert numbers into the form that Zammad compares; false sends them as given [default: true]' -r -f -a "true\t''
false\t''"
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -l spool-path -d 'The file in which events wait for Zammad, and which lists the open calls; without it, there is no spool' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand config; and __fish_seen_subcommand_from route" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand completions" -s h -l help -d 'Print help'
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand man" -l dir -d 'Write one page for each command into this folder' -r -F
complete -c zammad-cti -n "__fish_zammad_cti_using_subcommand man" -s h -l help -d 'Print help'
