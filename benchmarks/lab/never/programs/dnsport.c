/* The proxy asks port 53; here the resolver has another port. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
static const struct sockaddr *turn(const struct sockaddr *a, struct sockaddr_in *b) {
  const char *p = getenv("RESOLVER_PORT");
  if (!a || !p || a->sa_family != AF_INET) return a;
  memcpy(b, a, sizeof *b);
  if (b->sin_port != htons(53)) return a;
  b->sin_port = htons(atoi(p));
  return (const struct sockaddr *)b;
}
ssize_t sendto(int s, const void *m, size_t n, int f, const struct sockaddr *a, socklen_t l) {
  static ssize_t (*r)(int, const void *, size_t, int, const struct sockaddr *, socklen_t); struct sockaddr_in b;
  if (!r) r = dlsym(RTLD_NEXT, "sendto");
  return r(s, m, n, f, turn(a, &b), l);
}
int connect(int s, const struct sockaddr *a, socklen_t l) {
  static int (*r)(int, const struct sockaddr *, socklen_t); struct sockaddr_in b;
  if (!r) r = dlsym(RTLD_NEXT, "connect");
  return r(s, turn(a, &b), l);
}
static void back(struct sockaddr *a) {
  const char *p = getenv("RESOLVER_PORT"); struct sockaddr_in b;
  if (!a || !p || a->sa_family != AF_INET) return;
  memcpy(&b, a, sizeof b);
  if (b.sin_port == htons(atoi(p))) { b.sin_port = htons(53); memcpy(a, &b, sizeof b); }
}
ssize_t recvfrom(int s, void *m, size_t n, int f, struct sockaddr *a, socklen_t *l) {
  static ssize_t (*r)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
  if (!r) r = dlsym(RTLD_NEXT, "recvfrom");
  ssize_t k = r(s, m, n, f, a, l);
  if (k >= 0) back(a);
  return k;
}
ssize_t __recvfrom_chk(int s, void *m, size_t n, size_t z, int f, struct sockaddr *a, socklen_t *l) { (void)z; return recvfrom(s, m, n, f, a, l); }
