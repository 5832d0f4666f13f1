// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guard of waits for kicked CPUs (SCX_KICK_WAIT)
 *
 * Up to 6.18 a CPU that kicks another one with SCX_KICK_WAIT waits in a hard interrupt, IRQs
 * off, until that has been through the scheduler. CPUs that wait for each other never
 * get out. Each of them is let go here after kick_wait_ms: that kick has lost its promise,
 * but the other CPU has been sent its interrupt all the same. A wait that leads to no cycle ends
 * by itself, unless the other CPU waits for an answer to an IPI. So such a wait gets
 * LG_KICK_LONE_MS at least.
 *
 * A kprobe is on the loop's own compare of the other CPU's sequence with what that was before,
 * which only a CPU that waits executes. The register with what was just loaded is set to the next
 * sequence. The kernel goes on as if the load had seen the other CPU go through the scheduler, as
 * it might have at that moment, and nothing in the kernel's memory is written.
 *
 * Not every processor allows a probe in the loop. There the probe is on the compare before the
 * first round, and its handler waits in place of the kernel.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/processor.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "canary.h"
#include "cpu.h"
#include "eject.h"
#include "foreign.h"
#include "pin.h"
#include "plan.h"
#include "policy.h"
#include "processor.h"
#include "settings.h"
#include "target.h"
#include "tell.h"
#include "wait.h"

enum {
	LONG_MS		= 1,		/* most waits are over by then */
	LOOK_MS		= 250,		/* for livepatches */
	SETTLE_MS	= 20,
};

#define APART_NS	((s64)NSEC_PER_SEC)	/* from one look at it to the next, at most */

DEFINE_PER_CPU(struct lg_waiter, lg_waiter);

/* Set before the probe is armed. */
static const struct lg_target *target;
static const struct lg_layout *layout;
static struct lg_place seq, loaded, with;
static struct kprobe probe;	/* addr NULL: not there */

/* Why there is no probe, NULL: there is one, or need not be. */
static const char *failure;

/* What is waited for was no sequence. Nothing is changed any more. Set by any CPU. */
static bool mistaken;

/* The probe is about to go, and nobody is to be in a wait then. */
static bool draining;

/* -------------------------------------------------------------- handler -- */

/* The CPU whose sequence it is, -1: none of another one. */
static int cpu_of_seq(const void *at)
{
	void __percpu *rqs = (void __percpu *)layout->runqueues;
	const void *rq = at - layout->kick.seq_offset;
	int cpu;

	if (copy_from_kernel_nofault(&cpu, rq + layout->cpu_offset, sizeof(cpu)) ||
	    cpu < 0 || cpu >= nr_cpu_ids || cpu == smp_processor_id() ||
	    rq != per_cpu_ptr(rqs, cpu))
		return -1;
	return cpu;
}
NOKPROBE_SYMBOL(cpu_of_seq);

static void begin(struct lg_waiter *w, const void *at, unsigned long before, u64 now)
{
	int cpu = cpu_of_seq(at);

	WRITE_ONCE(w->seq, NULL);	/* others look at it, too */
	w->before = before;
	w->cycle = false;
	w->pins = false;
	WRITE_ONCE(w->for_cpu, cpu);
	WRITE_ONCE(w->since, now);
	WRITE_ONCE(w->last, now);
	WRITE_ONCE(w->sure, 0);
	smp_store_release(&w->seq, at);	/* pairs with leads_to_cycle() */
	if (cpu < 0)
		WRITE_ONCE(mistaken, true);
}
NOKPROBE_SYMBOL(begin);

static void note_longest(struct lg_waiter *w, u64 now)
{
	/* that clock may step back by a little */
	if ((s64)(now - w->since) > (s64)w->longest_ns)
		WRITE_ONCE(w->longest_ns, now - w->since);
}
NOKPROBE_SYMBOL(note_longest);

static void record(struct lg_waiter *w, u64 now)
{
	struct lg_trip *trip = &w->trip;

	WRITE_ONCE(w->ended, w->ended + 1);
	trip->more = w->told ? 0 : trip->more + 1;
	trip->ns = now;
	trip->duration = now - w->since;
	trip->wait = true;
	trip->for_cpu = w->for_cpu;
	memcpy(trip->comm, current->comm, TASK_COMM_LEN);
	trip->comm[TASK_COMM_LEN - 1] = '\0';
	lg_read_ops_name(trip->ops, NULL);
	w->told = !lg_queue_here(&w->work);
}
NOKPROBE_SYMBOL(record);

/*
 * Does who is waited for wait as well, and so on, back to this CPU or to another cycle? Each was
 * seen unchanged since its own wait began, by the one before it. So none of them has been through
 * the scheduler meanwhile, nor will be.
 */
static bool leads_to_cycle(const struct lg_waiter *me)
{
	const struct lg_waiter *w = me, *next;
	unsigned int steps;
	int cpu;

	for (steps = 0; steps <= nr_cpu_ids; steps++) {
		cpu = READ_ONCE(w->for_cpu);
		if (cpu < 0)
			return false;
		next = &per_cpu(lg_waiter, cpu);
		if (!smp_load_acquire(&next->seq) ||	/* pairs with begin() */
		    (s64)(READ_ONCE(w->sure) - READ_ONCE(next->since)) < 0)
			return false;
		if (next == me)
			return true;
		w = next;
	}
	return true;
}
NOKPROBE_SYMBOL(leads_to_cycle);

static bool has_lasted(const struct lg_waiter *w, u64 now, unsigned int ms)
{
	return (s64)(now - w->since) >= (s64)(ms * NSEC_PER_MSEC);
}
NOKPROBE_SYMBOL(has_lasted);

/* It is longer than most. */
static void note_long(struct lg_waiter *w)
{
	if (!w->pins)
		w->pins = lg_queue_here(&w->work);
	/*
	 * Once seen that is kept: the first of the CPUs that is let go breaks the cycle, but need
	 * not be through the scheduler soon.
	 */
	if (!w->cycle)
		w->cycle = leads_to_cycle(w);
}
NOKPROBE_SYMBOL(note_long);

/* Is it time to end the wait? */
static bool is_due(const struct lg_waiter *w, u64 now)
{
	unsigned int ms = READ_ONCE(lg_kick_wait_ms);

	if (READ_ONCE(draining))
		return true;
	if (!ms || !READ_ONCE(lg_enforce))
		return false;
	/* another one was ended just now, most likely of the same kick, which is for many CPUs */
	if (!w->told)
		return has_lasted(w, now, LONG_MS);
	return has_lasted(w, now, w->cycle ? ms : max_t(unsigned int, ms, LG_KICK_LONE_MS));
}
NOKPROBE_SYMBOL(is_due);

/*
 * A look at the other CPU has just been taken: is there to be another one? No tick comes
 * meanwhile, so local_clock() may stand still.
 */
static bool waits_on(struct pt_regs *regs)
{
	struct lg_waiter *w = this_cpu_ptr(&lg_waiter);
	const void *at = lg_arch_address(regs, &seq), *operand = lg_arch_address(regs, &with);
	unsigned long its = (unsigned long)lg_arch_address(regs, &loaded), before;
	u64 now = ktime_get_boot_fast_ns();

	before = target->waits.spin.with_memory ?
		 READ_ONCE(*(const unsigned long *)operand) : (unsigned long)operand;
	if (its != before) {
		/* the kernel is about to see that itself */
		if (w->seq == at && w->before == before)
			note_longest(w, now);
		WRITE_ONCE(w->seq, NULL);
		return false;
	}
	/* or the end of the last wait was missed */
	if (w->seq != at || w->before != before || (s64)(now - w->last) > APART_NS) {
		begin(w, at, before, now);
		return true;
	}
	/* the look that this is about was later than that */
	WRITE_ONCE(w->sure, w->last);
	WRITE_ONCE(w->last, now);
	if (has_lasted(w, now, LONG_MS))
		note_long(w);
	if (!is_due(w, now) || READ_ONCE(mistaken))
		return true;
	lg_arch_set_register(regs, &loaded, before + 1);
	WRITE_ONCE(w->seq, NULL);
	note_longest(w, now);
	if (!READ_ONCE(draining))
		record(w, now);
	return false;
}
NOKPROBE_SYMBOL(waits_on);

/* No lock of the scheduler held. */
static int at_compare(struct kprobe *kp, struct pt_regs *regs)
{
	const unsigned long *at = lg_arch_address(regs, &seq);
	bool once = target->waits.spin.once;

	/* with PREEMPT_RT it may be a thread that waits, IRQs on: here they would be off */
	if (once && !in_hardirq())
		return 0;
	while (waits_on(regs) && once && !READ_ONCE(mistaken)) {
		cpu_relax();
		/* pairs with what the kernel's own load does, as it stands in for that */
		lg_arch_set_register(regs, &loaded, smp_load_acquire(at));
	}
	return 0;
}
NOKPROBE_SYMBOL(at_compare);

/* IRQs are on again: the kick's own interrupt is over. */
static void wait_over(struct irq_work *work)
{
	struct lg_waiter *w = container_of(work, struct lg_waiter, work);

	/* without the probe one might last for ever: rmmod needs answers from all CPUs */
	if (READ_ONCE(lg_enforce) && READ_ONCE(lg_kick_wait_ms))
		lg_pin();
	if (w->told)
		return;
	lg_tell_wait(&w->trip);
	w->told = true;
	if (READ_ONCE(lg_enforce))
		lg_eject_look(&w->trip);
}

/* ----------------------------------------------------------- find, arm -- */

static bool is_in_place(void)
{
	return probe.addr && !kprobe_gone(&probe) && !kprobe_disabled(&probe) &&
	       lg_arch_is_probed(probe.addr, probe.opcode);
}

static void disarm(void)
{
	int i;

	if (probe.addr)
		unregister_kprobe(&probe);
	/* as in lg_hook_disarm() */
	for (i = 0; i < 100 && probe.addr && lg_arch_is_probed(probe.addr, probe.opcode); i++)
		msleep(20);
	memset(&probe, 0, sizeof(probe));
}

/* Returns why not. */
static const char *arm(void)
{
	const struct lg_spin *spin = &target->waits.spin;
	const char *why = lg_plan_no_waits(target);

	if (why)
		return why;
	seq = lg_arch_place(&spin->seq);
	loaded = lg_arch_place(&spin->loaded);
	with = lg_arch_place(&spin->with);
	probe.pre_handler = at_compare;
	probe.addr = (kprobe_opcode_t *)(target->waits.function.address + spin->offset);
	if (register_kprobe(&probe))
		memset(&probe, 0, sizeof(probe));
	else if (!is_in_place())
		disarm();
	return probe.addr ? NULL : "the kernel refuses a kprobe in " LG_WAIT_FUNCTION "()";
}

/**
 * lg_wait_start - guard the waits, if they are found
 * @found: what was found, be it only a part of the layout; has to outlive lg_wait_stop()
 *
 * Context: task, may sleep. Kprobes fire.
 * Return: true if they are.
 */
bool lg_wait_start(const struct lg_target *found)
{
	int cpu;

	target = found;
	layout = &found->layout;
	for_each_possible_cpu(cpu) {
		per_cpu(lg_waiter, cpu).work = IRQ_WORK_INIT_HARD(wait_over);
		per_cpu(lg_waiter, cpu).told = true;
	}
	failure = arm();
	return probe.addr;
}

/* How many waits were ended, and does a CPU wait now? */
static u64 count_ended(bool *waits)
{
	u64 now = ktime_get_boot_fast_ns(), ended = 0;
	int cpu;

	*waits = false;
	for_each_possible_cpu(cpu) {
		const struct lg_waiter *w = &per_cpu(lg_waiter, cpu);

		/* or the end of that wait was missed */
		*waits |= READ_ONCE(w->seq) && (s64)(now - READ_ONCE(w->last)) < APART_NS;
		ended += READ_ONCE(w->ended);
	}
	return ended;
}

/**
 * lg_wait_stop - guard them no longer
 *
 * A CPU in a wait that does not end would be lost, and this one with it, as the kernel interrupts
 * all to take a probe away. The first of a cycle's waits may not be over yet, see pin.c. So a CPU
 * that waits is given the time after which it would be let go, until none had to be. Then all who
 * wait are let go, whatever the settings: who waits for this CPU would do so for ever while it
 * waits for an answer. What waits in the moment after that is as lost as it would be without the
 * module, so this comes last of all that interrupts other CPUs.
 *
 * Context: task, may sleep. Returns when no CPU is in the probe, nor tells of a wait.
 */
void lg_wait_stop(void)
{
	u64 ended, before;
	bool needed;
	int cpu;

	if (!probe.addr)
		return;
	ended = count_ended(&needed);
	while (needed) {
		before = ended;
		msleep(2 * max_t(unsigned int, READ_ONCE(lg_kick_wait_ms), LG_KICK_LONE_MS) +
		       SETTLE_MS);
		ended = count_ended(&needed);
		needed = ended != before;
	}
	WRITE_ONCE(draining, true);
	msleep(SETTLE_MS);
	disarm();
	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu(lg_waiter, cpu).work);
}

/* --------------------------------------------------------------- status -- */

/* Why they are not guarded, NULL: they are. */
static const char *look(void)
{
	struct lg_foreign found;
	enum lg_entry who;

	if (failure)
		return failure;
	if (READ_ONCE(mistaken))
		return "what is waited for is not where BTF says";
	if (!lg_canary_fires() || !is_in_place())
		return "the probe is disarmed (is debugfs kprobes/enabled 0?)";
	lg_arch_body(&target->waits.function, &who);
	if (who == LG_ENTRY_REDIRECTED)
		return "a jump has taken the place of " LG_WAIT_FUNCTION "()";
	/* whoever is at the entry may be a tracer */
	if (who != LG_ENTRY_FREE) {
		lg_foreign_look(target, LOOK_MS, &found);
		if (found.waits)
			return "a livepatch replaces " LG_WAIT_FUNCTION "()";
	}
	return NULL;
}

/**
 * lg_wait_nmissed - looks at a CPU that waits which the kernel did not deliver
 *
 * Context: any.
 * Return: their number.
 */
unsigned long lg_wait_nmissed(void)
{
	return READ_ONCE(probe.nmissed);
}

/**
 * lg_wait_state - are the waits guarded
 *
 * Says so in the log if that has changed.
 *
 * Context: task, may sleep; one at a time, as readers of parameters are.
 * Return: "guarded", "off", "native": the kernel waits with IRQs on; "uncovered": they are not.
 */
const char *lg_wait_state(void)
{
	static const char *said;
	const char *why;

	if (lg_plan_waits_are_native(target))
		return "native";
	why = look();
	if (why && why != said)
		pr_warn("waits for kicked CPUs are not guarded: %s\n", why);
	else if (said && !why)
		pr_info("waits for kicked CPUs are guarded again\n");
	said = why;
	if (why)
		return "uncovered";
	return READ_ONCE(lg_kick_wait_ms) && READ_ONCE(lg_enforce) ? "guarded" : "off";
}
