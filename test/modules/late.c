// SPDX-License-Identifier: GPL-2.0-only
/*
 * late - irq_works that come too late for a CPU that goes off, for the tests
 *
 * One is queued on each such CPU when the kernel has run what was there for the last time, as a
 * tracer or a BPF program may do. It stays in the CPU's list, and parameters/left says how
 * many are there now. It cannot be unloaded.
 */
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/percpu.h>

static void nothing(struct irq_work *work)
{
}

static DEFINE_PER_CPU(struct irq_work, late_work);

/* IRQs off, behind CPUHP_AP_SMPCFD_DYING on the way down. */
static int dying(unsigned int cpu)
{
	irq_work_queue(this_cpu_ptr(&late_work));
	return 0;
}

static int get_left(char *buf, const struct kernel_param *kp)
{
	int cpu, left = 0;

	for_each_possible_cpu(cpu)
		left += irq_work_is_pending(&per_cpu(late_work, cpu));
	return sprintf(buf, "%d\n", left);
}

static const struct kernel_param_ops left_ops = {
	.get = get_left,
};

module_param_cb(left, &left_ops, NULL, 0444);

static int __init late_init(void)
{
	int cpu, ret;

	/* not all kernels relocate what is per CPU */
	for_each_possible_cpu(cpu)
		per_cpu(late_work, cpu) = IRQ_WORK_INIT_HARD(nothing);
	/* of machines that this one is none of */
	ret = cpuhp_setup_state_nocalls(CPUHP_AP_IRQ_ARMADA_XP_STARTING, "test:late",
					NULL, dying);
	return ret < 0 ? ret : 0;
}

module_init(late_init);

MODULE_DESCRIPTION("irq_works that come too late");
MODULE_LICENSE("GPL");
