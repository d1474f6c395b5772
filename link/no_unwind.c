/*
 * In place of the C compiler's unwinder: a panic ends the release, so nothing is ever unwound.
 *
 * The library with the unwinder takes a twentieth of an event's time to load, most of it to ask the
 * processor what it can do, and the tables that it reads are a tenth of the program. What is left
 * for it are backtraces, which tell nobody anything in a program without symbols: they are empty.
 *
 * A function that Rust's library wants one day and that is missing here comes from that library as
 * before.
 */
#include <stdlib.h>

/* The program's own, also where a library has the same names. */
#pragma GCC visibility push(hidden)

enum { END_OF_STACK = 5 };

int _Unwind_Backtrace(void)
{
    return END_OF_STACK;
}

/* Only called with a frame, of which there is none. */
#define OF_A_FRAME(name) \
    void name(void)      \
    {                    \
        abort();         \
    }

OF_A_FRAME(_Unwind_FindEnclosingFunction)
OF_A_FRAME(_Unwind_GetCFA)
OF_A_FRAME(_Unwind_GetDataRelBase)
OF_A_FRAME(_Unwind_GetIP)
OF_A_FRAME(_Unwind_GetIPInfo)
OF_A_FRAME(_Unwind_GetLanguageSpecificData)
OF_A_FRAME(_Unwind_GetRegionStart)
OF_A_FRAME(_Unwind_GetTextRelBase)
OF_A_FRAME(_Unwind_Resume)
OF_A_FRAME(_Unwind_SetGR)
OF_A_FRAME(_Unwind_SetIP)
