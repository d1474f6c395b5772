# 3CX's call data records, a line each, as events for `zammad-cti send`:
#
#     jq -Rcf cdr.jq cdr.log | zammad-cti send
#
# The columns have to be these, in this order: historyid, callid, time-answered, reason-terminated, to-no, final-number,
# to-type, final-type, from-type, from-no. The last one is what a caller writes himself: commas in it do no harm there, and
# whether he sits in the house is not taken from it.

def extension: startswith("Ext.");
def number: sub("^Ext\\."; "");
def is($word): ascii_downcase | contains($word);

split(",") | map(gsub("^\\s+|\\s+$"; "")) as $column
| if ($column | length) < 10 then ("a line of \($column | length) columns, not 10" | stderr | empty)
  else
    ($column[2] != "") as $taken | $column[3] as $reason | $column[4] as $to | ($column[9:] | join(",")) as $from
    | ($column[8] | is("extension")) as $inside
    # A call that was passed on ended at the final number.
    | (if $column[5] != "" then {number: $column[5], type: $column[7]} else {number: $to, type: $column[6]} end) as $last
    | if $inside and ($to | extension) then empty   # from phone to phone
      else
        {call_id: "3cx-\($column[0] | gsub("[^0-9]"; ""))-\($column[1])",
         direction: (if $inside then "out" else "in" end)} as $call
        # A queue and a menu take a call as well; somebody answered where a person's phone did, or anybody outside.
        | ($taken and ($call.direction == "out" or ($last.type | is("extension")))) as $answered
        | ($taken and $call.direction == "in" and ($last.type | is("voicemail"))) as $voicemail
        | ($call + {event: "newCall", to: ($to | number),
                    from: ($from | if $inside then number else . end | if test("^[+]?[0-9*#]+$") then . else "anonymous" end)}
            + if $call.direction == "in" and $answered then {user: ($last.number | number)} else {} end),
          # Without the agent's number: his screen would open now, after the call.
          (if $voicemail then $call + {event: "answer", voicemail: true}
           elif $answered then $call + {event: "answer"} else empty end),
          ($call + {event: "hangup", answered: $answered, cause: (
            if $answered or $voicemail then "normalClearing"
            elif $reason | is("busy") then "busy"
            elif $reason | is("src") then "cancel"
            else "noAnswer" end)})
      end
  end
