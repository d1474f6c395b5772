/* The least that an AGI program does: it reads the header up to the empty line, and ends. */
#include <unistd.h>

int main(void)
{
    char last = 0, byte;
    while (read(0, &byte, 1) == 1) {
        if (byte == '\n' && last == '\n')
            return 0;
        last = byte;
    }
    return 1;
}
