/*
 * The floor under one event: a program that does nothing but the socket calls of one HTTP POST.
 * No TLS, no name lookup, no settings, no number rules, no retry. `run` compiles it with
 * `-O2 -static` and compares zammad-cti with it.
 *
 *     floor PORT PATH BODY
 *
 * It posts BODY, a JSON text, to 127.0.0.1 and prints `none` if the answer is a 200 with `{}`.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: floor PORT PATH BODY\n");
        return 2;
    }
    const char *path = argv[2], *body = argv[3];

    char request[4096];
    int length = snprintf(request, sizeof request,
                          "POST %s HTTP/1.1\r\n"
                          "Host: 127.0.0.1:%s\r\n"
                          "Accept: application/json\r\n"
                          "Content-Type: application/json\r\n"
                          "Content-Length: %zu\r\n"
                          "\r\n"
                          "%s",
                          path, argv[1], strlen(body), body);
    if (length < 0 || (size_t)length >= sizeof request) {
        fprintf(stderr, "floor: the request is too long\n");
        return 2;
    }

    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection < 0)
        fail("socket");
    struct sockaddr_in server = {
        .sin_family = AF_INET,
        .sin_port = htons((unsigned short)atoi(argv[1])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    if (connect(connection, (struct sockaddr *)&server, sizeof server) < 0)
        fail("connect");
    for (int sent = 0; sent < length;) {
        ssize_t written = send(connection, request + sent, (size_t)(length - sent), 0);
        if (written < 0)
            fail("send");
        sent += (int)written;
    }

    /* The connection stays open after the answer, so the end is where Content-Length says. */
    char answer[4096];
    size_t received = 0;
    for (;;) {
        ssize_t got = recv(connection, answer + received, sizeof answer - 1 - received, 0);
        if (got < 0)
            fail("recv");
        received += (size_t)got;
        answer[received] = '\0';
        const char *content = strstr(answer, "\r\n\r\n");
        const char *declared = strstr(answer, "Content-Length: ");
        if (content && declared && declared < content) {
            content += strlen("\r\n\r\n");
            if (strlen(content) >= strtoul(declared + strlen("Content-Length: "), NULL, 10)) {
                close(connection);
                if (strncmp(answer, "HTTP/1.1 200 ", 13) == 0 && strcmp(content, "{}") == 0) {
                    puts("none");
                    return 0;
                }
                break;
            }
        }
        if (got == 0 || received == sizeof answer - 1)
            break;
    }
    fprintf(stderr, "floor: not the expected answer: %s\n", answer);
    return 1;
}
