/* A PKCS#11 module that hands every call on to SoftHSM, and fails as a file says.
 *
 * Built with -DFAULT="path of a file of one letter" -DREAL="path of SoftHSM". The function list is
 * that of PKCS#11 2.40: a version, then 68 pointers in a fixed order. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

typedef unsigned long rv;
enum { GET_FUNCTION_LIST = 3, GET_SLOT_LIST = 4, GET_TOKEN_INFO = 6, LOGIN = 18, SIGN = 43 };
enum { PIN_INCORRECT = 0xA0, PIN_LOCKED = 0xA4, DEVICE_REMOVED = 0x32 };
enum { TOKEN_FLAGS = 32 + 32 + 16 + 16, FINAL_TRY = 0x20000 };

static struct { unsigned char version[8]; void *call[68]; } list, *real;

static char fault(void)
{
    char letter = '-';
    int file = open(FAULT, O_RDONLY);
    if (file >= 0) {
        if (read(file, &letter, 1) != 1)
            letter = '-';
        close(file);
    }
    return letter;
}

static rv get_slot_list(unsigned char present, unsigned long *slots, unsigned long *count)
{
    if (fault() == 'L')
        abort();
    return ((rv (*)(unsigned char, unsigned long *, unsigned long *))real->call[GET_SLOT_LIST])(
        present, slots, count);
}

static rv get_token_info(unsigned long slot, unsigned char *info)
{
    rv answer = ((rv (*)(unsigned long, unsigned char *))real->call[GET_TOKEN_INFO])(slot, info);
    if (answer == 0 && fault() == 'f')
        *(unsigned long *)(info + TOKEN_FLAGS) |= FINAL_TRY;
    return answer;
}

static rv login(unsigned long session, unsigned long user, unsigned char *pin, unsigned long length)
{
    switch (fault()) {
    case 'f':
        return PIN_INCORRECT;
    case 'l':
        return PIN_LOCKED;
    }
    return ((rv (*)(unsigned long, unsigned long, unsigned char *, unsigned long))
                real->call[LOGIN])(session, user, pin, length);
}

static rv sign(unsigned long session, unsigned char *data, unsigned long length,
               unsigned char *signature, unsigned long *size)
{
    rv answer;
    switch (fault()) {
    case 'c':
        abort();
    case 'h':
        for (;;)
            pause();
    case 'd':
        return DEVICE_REMOVED;
    }
    answer = ((rv (*)(unsigned long, unsigned char *, unsigned long, unsigned char *,
                      unsigned long *))real->call[SIGN])(session, data, length, signature, size);
    if (answer == 0 && signature && fault() == 's')
        *size = 3;
    if (answer == 0 && signature && fault() == 'x')
        memset(signature, 1, *size);
    return answer;
}

rv C_GetFunctionList(void **answer)
{
    rv (*get)(void *);
    void *library = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return 5;
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (!get || get(&real))
        return 5;
    list = *real;
    *(void **)&list.call[GET_FUNCTION_LIST] = (void *)C_GetFunctionList;
    list.call[GET_SLOT_LIST] = (void *)get_slot_list;
    list.call[GET_TOKEN_INFO] = (void *)get_token_info;
    list.call[LOGIN] = (void *)login;
    list.call[SIGN] = (void *)sign;
    *answer = &list;
    return 0;
}
