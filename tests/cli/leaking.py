"""Programs that really leak, keep, or do neither, in several languages."""

from __future__ import annotations

PYTHON = """
import time
kept, n = [], 0
print("ready", flush=True)
while True:
    for _ in range(500): kept.append(f"PLANTED-python-session-{n:08d}-kept-for-ever"); n += 1
    time.sleep(0.02)
"""
NODE = """
const kept = []; let n = 0;
console.log("ready");
setInterval(() => { for (let i = 0; i < 500; i++) {
  const text = "PLANTED-node-session-" + String(n++).padStart(8, "0") + "-kept-for-ever";
  kept.push(Buffer.from(text).toString("latin1"));
} }, 20);
"""
JAVA = """
public class Leak { public static void main(String[] words) throws Exception {
  var kept = new java.util.ArrayList<String>(); System.out.println("ready");
  for (int n = 0; ; Thread.sleep(20)) for (int i = 0; i < 500; i++)
    kept.add("PLANTED-java-session-" + String.valueOf(100000000 + n++) + "-kept-for-ever");
} }
"""
C = r"""
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int over;
static void *leak(void *_) {
    char text[64];
    for (long n = 0;; usleep(20000))
        for (int i = 0; i < 500; i++) {
            sprintf(text, "PLANTED-c-session-%08ld-kept-for-ever", n++);
            strcpy(malloc(64), text);
        }
}
static void *deep(void *_) { char stack[1 << 20]; memset(stack, 'S', sizeof stack); pause(); return _; }
static void *threads(void *_) {
    for (int n = 0; n < 300; n++, usleep(100000)) { pthread_t t; pthread_create(&t, 0, deep, 0); }
    pause(); return _;
}
static void *keep(void *_) {
    char **held = malloc(20000 * sizeof *held);
    for (int i = 0; i < 20000; i++) memset(held[i] = malloc(1500), 'k', 1500);
    for (int i = 0; i < 20000; i++) if (i % 64 != 63) free(held[i]);
    __atomic_add_fetch(&over, 1, __ATOMIC_SEQ_CST); pause(); return _;
}
int main(int count, char **words) {
    void *(*work)(void *) = *words[1] == 'l' ? leak : *words[1] == 't' ? threads : keep;
    int others = atoi(words[2]);
    pthread_t t;
    for (int n = 0; n < others; n++) pthread_create(&t, 0, work, 0);
    while (work == keep && __atomic_load_n(&over, __ATOMIC_SEQ_CST) < others) usleep(10000);
    puts("ready"); fflush(stdout);
    if (!others) work(0);
    pause();
}
"""
SHARED = """
import mmap, os, time
file = os.memfd_create("leaky-cache"); os.ftruncate(file, 1 << 30)
memory, n = mmap.mmap(file, 1 << 30), 0
print("ready", flush=True)
while n < 1 << 17:
    for _ in range(20):
        text = b"PLANTED-shared-record-%08d\\0" % n
        memory[n << 12 : (n << 12) + len(text) * 100] = text * 100; n += 1
    time.sleep(0.02)
time.sleep(600)
"""
READER = """
import mmap, sys, time
file = open(sys.argv[1], "rb"); memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
print("ready", flush=True)
for page in range(0, len(memory), 4096):
    memory[page]
    if page % (1 << 18) == 0: time.sleep(0.1)
time.sleep(600)
"""
CLEARED = """
import mmap, time
size = 256 << 20
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
print("ready", flush=True)
for page in range(0, size, 4096):
    memory[page] = 0
    if page % (1 << 18) == 0: time.sleep(0.02)
time.sleep(600)
"""
