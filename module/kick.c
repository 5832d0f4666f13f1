// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs once IRQs are on again: the kick, and all that may not be done in the loop
 *
 * The irq_work is queued from inside the loop and runs when the invocation is over, as IRQs
 * are off in it. Setting need_resched any earlier would be useless: the loop runs inside
 * __schedule(), which clears the flag of the task it switches away from. From here it hits the
 * task that was picked, most likely idle, and the CPU comes back to the dispatch path with a
 * new count.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/topology.h>

#include "cpu.h"
#include "eject.h"
#include "kick.h"
#include "pin.h"
#include "policy.h"
#include "repick.h"
#include "settings.h"
#include "tell.h"

/* The state of CPUs in which cpu_is_back() is called. */
static enum cpuhp_state online_state;

/**
 * lg_complain - say once why the hook is not trusted, if it is not
 *
 * Context: any but under a rq lock.
 */
void lg_complain(void)
{
	const char *why = lg_distrust();

	if (unlikely(why))
		pr_err_once("disabled: %s\n", why);
}

/* On the CPU to be kicked, IRQs off. @csd_in_use: if it comes by that. */
static void resched_here(void *csd_in_use)
{
	bool *in_use = csd_in_use;

	/* the kernel has let go of the csd already */
	if (in_use)
		smp_store_release(in_use, false); /* pairs with xchg() in kick_sibling() */
	/* set_tsk_need_resched() has a tracepoint that not every kernel exports */
	set_tsk_thread_flag(current, TIF_NEED_RESCHED);
	set_preempt_need_resched();
}

/*
 * Any CPU may want to kick another one; the kernel leaves it to its callers that only one at a
 * time sends a csd.
 */
static bool kick_sibling(int cpu)
{
	struct lg_cpu *c = &per_cpu(lg_cpu, cpu);

	if (!cpu_online(cpu) || xchg(&c->csd_in_use, true))
		return false;	/* gone, or a kick is still on its way */
	if (!smp_call_function_single_async(cpu, &c->csd))
		return true;
	smp_store_release(&c->csd_in_use, false);	/* as in resched_here() */
	return false;
}

/**
 * lg_kick_all - have every CPU look for a task again
 *
 * Context: any, but under no rq lock.
 */
void lg_kick_all(void)
{
	int cpu;

	preempt_disable();
	for_each_online_cpu(cpu) {
		if (cpu == smp_processor_id())
			resched_here(NULL);
		else
			kick_sibling(cpu);
	}
	preempt_enable();
}

static void kick(struct lg_cpu *me, int cpu)
{
	if (cpu == smp_processor_id())
		resched_here(NULL);
	else if (!kick_sibling(cpu))
		return;
	WRITE_ONCE(me->kicks, me->kicks + 1);
}

static bool kick_if_due(struct lg_cpu *me, int cpu)
{
	if (!READ_ONCE(per_cpu(lg_cpu, cpu).kick) ||
	    !xchg(&per_cpu(lg_cpu, cpu).kick, false))
		return false;
	kick(me, cpu);
	return true;
}

/* The CPU itself first, then its siblings. */
static bool kick_who_is_due(struct lg_cpu *me)
{
	bool kicked = kick_if_due(me, smp_processor_id());
	int cpu;

	for_each_cpu(cpu, topology_sibling_cpumask(smp_processor_id()))
		kicked |= kick_if_due(me, cpu);
	return kicked;
}

/* The invocation is over: IRQs are on again, or this could not run. */
static void invocation_over(struct irq_work *work)
{
	struct lg_cpu *c = container_of(work, struct lg_cpu, work);

	lg_complain();
	if (lg_repick_over()) {
		lg_kick_all();
		lg_pin();
	}
	lg_restart_all(c);
	c->nest[0].futile = 0;
	c->stretch++;
	/* a loop was ended: without the hook it would not have been */
	if (kick_who_is_due(c))
		lg_pin();
	if (c->tripped) {
		c->tripped = false;
		lg_tell_trip(&c->trip);
		if (READ_ONCE(lg_enforce) && !lg_distrust())
			lg_eject_look(&c->trip);
		c->trip.more = 0;
	} else if (c->counted) {
		lg_eject_note_end(this_cpu_read(scx_loopguard_hits));
	}
	c->counted = false;
}

/*
 * What others have queued on a CPU on its way out is still in its list when it is back, and
 * nothing raises the interrupt there any more, see lg_when_over(): loops would seem not to
 * end, and irq_work_sync() would not. To run the list is all that there is to make it empty.
 * IRQs off.
 */
static void run_left_works(void *unused)
{
	irq_work_run();
}

static int cpu_is_back(unsigned int cpu)
{
	local_irq_disable();
	run_left_works(NULL);
	local_irq_enable();
	return 0;
}

/**
 * lg_kick_start - prepare every CPU's state
 *
 * Prints one line on refusal.
 *
 * Context: task, before the hook is armed.
 * Return: 0, -ENODEV where an irq_work would have to wait for the tick, or that of
 * cpuhp_setup_state_nocalls().
 */
int lg_kick_start(void)
{
	int cpu, ret;

	if (!arch_irq_work_has_interrupt()) {
		pr_err("not loaded: this machine has no interrupt for irq_work (no local APIC)\n");
		return -ENODEV;
	}
	for_each_possible_cpu(cpu) {
		struct lg_cpu *c = &per_cpu(lg_cpu, cpu);

		c->work = IRQ_WORK_INIT_HARD(invocation_over);
		INIT_CSD(&c->csd, resched_here, &c->csd_in_use);
		seqcount_init(&c->trip_seq);
		c->began_stretch = U64_MAX;	/* none is known yet */
	}

	/* without calls: under a BPF scheduler that loops they might have to wait */
	ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, KBUILD_MODNAME ":online",
					cpu_is_back, NULL);
	if (ret < 0) {
		pr_err("not loaded: CPUs that come back cannot be seen (error %d)\n", ret);
		return ret;
	}
	online_state = ret;
	on_each_cpu(run_left_works, NULL, 1);
	return 0;
}

/**
 * lg_kick_stop - wait for what the hook has left behind
 *
 * Context: task, may sleep. The hook is gone and none of its handlers runs.
 */
void lg_kick_stop(void)
{
	int cpu;

	cpuhp_remove_state_nocalls(online_state);
	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu(lg_cpu, cpu).work);
	if (lg_repick_owes_kicks())
		lg_kick_all();

	/*
	 * A kick that was sent to a sibling is taken with this IPI or before; the
	 * grace period waits for the rest of that interrupt.
	 */
	kick_all_cpus_sync();
	synchronize_rcu();
}
