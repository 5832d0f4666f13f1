// SPDX-License-Identifier: GPL-2.0-only
/*
 * redirect - a jump in the place of a function's call of fentry, for the tests
 *
 * As somebody may do who knows no livepatch. The jump goes on behind itself, so the function
 * does what it did. It is taken out with the module.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/stop_machine.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

enum {
	ENDBR_LEN = 4,
	LEN = 5,
};

static char *function = "balance_one";
module_param(function, charp, 0444);

static const u8 nop[LEN] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
static const u8 jump[LEN] = { 0xe9, 0x00, 0x00, 0x00, 0x00 };
static u8 *at;			/* as it is executed */
static u8 *writable;		/* the same, in a mapping of our own */

/* Nobody is in the function meanwhile. */
static int put(void *what)
{
	memcpy(writable, what, LEN);
	sync_core();
	return 0;
}

static int __init redirect_init(void)
{
	struct kprobe kp = { .symbol_name = function };
	struct page *pages[2];
	void *mapping;
	int ret = register_kprobe(&kp);

	if (ret)
		return ret;
	at = (u8 *)kp.addr;
	unregister_kprobe(&kp);
	if (memcmp(at, nop, LEN))
		at += ENDBR_LEN;
	if (memcmp(at, nop, LEN))
		return -EBUSY;

	pages[0] = virt_to_page(__va(__pa(at)));
	pages[1] = virt_to_page(__va(__pa(at + PAGE_SIZE)));
	mapping = vmap(pages, 2, VM_MAP, PAGE_KERNEL);
	if (!mapping)
		return -ENOMEM;
	writable = mapping + offset_in_page(at);
	stop_machine(put, (void *)jump, NULL);
	return 0;
}

static void __exit redirect_exit(void)
{
	stop_machine(put, (void *)nop, NULL);
	vunmap(writable - offset_in_page(at));
}

module_init(redirect_init);
module_exit(redirect_exit);

MODULE_DESCRIPTION("A jump at a function's entry");
MODULE_LICENSE("GPL");
