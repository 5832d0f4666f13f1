// SPDX-License-Identifier: GPL-2.0-only
/*
 * seed DIR - write what the fuzzers start from, to DIR/btf and DIR/site
 *
 * What target discovery looks for, made as kernels have it and as they do not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>

#include "../unit/forms.h"

enum { POINTER = 8, DEEP = 31 };

static struct btf *btf;
static int u32_id, ptr_id, var_id;

static void begin(void)
{
	btf = btf__new_empty();
	btf__set_pointer_size(btf, POINTER);
	u32_id = btf__add_int(btf, "unsigned int", 4, 0);
	ptr_id = btf__add_ptr(btf, btf__add_fwd(btf, "rq", BTF_FWD_STRUCT));
}

static void dsp_ctx(int nr_tasks_id, int nr_tasks_bits)
{
	btf__add_struct(btf, "scx_dsp_ctx", 24);
	btf__add_field(btf, "rq", ptr_id, 0, 0);
	btf__add_field(btf, "cursor", u32_id, 64, 0);
	btf__add_field(btf, "nr_tasks", nr_tasks_id, 96, nr_tasks_bits);
}

static void ops(int rows)
{
	int c = btf__add_int(btf, "char", 1, BTF_INT_CHAR);
	int array = btf__add_array(btf, u32_id, c, 128 / rows);

	if (rows > 1)
		array = btf__add_array(btf, u32_id, array, rows);
	btf__add_struct(btf, "sched_ext_ops", 136);
	btf__add_field(btf, "select_cpu", ptr_id, 0, 0);
	btf__add_field(btf, "name", array, 64, 0);
}

static void max_loops(int value)
{
	btf__add_enum(btf, "scx_consts", 4);
	btf__add_enum_value(btf, "SCX_DSP_DFL_MAX_BATCH", 32);
	btf__add_enum_value(btf, "SCX_DSP_MAX_LOOPS", value);
}

static void percpu(void)
{
	int kstat = btf__add_var(btf, "kstat", BTF_VAR_GLOBAL_ALLOCATED, u32_id);
	int rq = btf__add_var(btf, "runqueues", BTF_VAR_GLOBAL_ALLOCATED, u32_id);

	btf__add_datasec(btf, ".data..percpu", 4096);
	btf__add_datasec_var_info(btf, kstat, 64, 4);
	btf__add_datasec_var_info(btf, rq, 1024, 4);
	var_id = rq;
}

static void end(const char *dir, const char *name)
{
	char path[4096];
	const void *data;
	unsigned int size;
	FILE *file;

	data = btf__raw_data(btf, &size);
	snprintf(path, sizeof(path), "%s/btf/%s", dir, name);
	file = fopen(path, "w");
	if (!data || !file || fwrite(data, size, 1, file) != 1 || fclose(file))
		exit(1);
	btf__free(btf);
}

/* As struct input in site.c, then the function. */
static void write_form(const char *dir, size_t i)
{
	s32 head[2] = { CONSUME, forms[i].disp ?: NR_TASKS };
	char path[4096], call[CALL_LEN] = { 0xe8 };
	FILE *file;

	memcpy(call + 1, &(s32){ CONSUME - CALL_LEN }, 4);
	snprintf(path, sizeof(path), "%s/site/form%zu", dir, i);
	file = fopen(path, "w");
	if (!file || fwrite(head, sizeof(head), 1, file) != 1 ||
	    fwrite(call, sizeof(call), 1, file) != 1 ||
	    fwrite(forms[i].code, forms[i].len, 1, file) != 1 || fclose(file))
		exit(1);
}

int main(int argc, char **argv)
{
	size_t n;
	const char *dir = argv[1];
	int i, id;

	if (argc != 2)
		return 1;

	begin();
	dsp_ctx(u32_id, 0);
	ops(1);
	max_loops(32);
	percpu();
	end(dir, "kernel");

	/* the enumerator of 64 bits, and twice */
	begin();
	dsp_ctx(u32_id, 0);
	ops(1);
	btf__add_enum64(btf, "scx_consts", 8, 0);
	btf__add_enum64_value(btf, "SCX_DSP_MAX_LOOPS", 1ULL << 33);
	btf__add_enum64(btf, "scx_consts", 8, 0);
	btf__add_enum64_value(btf, "SCX_DSP_MAX_LOOPS", 1ULL << 33);
	percpu();
	end(dir, "enum64");

	/* it differs, a negative one makes the enum a signed one */
	begin();
	max_loops(32);
	max_loops(-1);
	dsp_ctx(u32_id, 0);
	dsp_ctx(ptr_id, 0);
	end(dir, "ambiguous");

	begin();
	dsp_ctx(u32_id, 3);
	percpu();
	end(dir, "bitfield");

	/* as many typedefs and qualifiers as are followed, an array of arrays */
	begin();
	for (id = u32_id, i = 0; i < DEEP; i++)
		id = i % 3 == 0 ? btf__add_typedef(btf, "t", id) :
		     i % 3 == 1 ? btf__add_const(btf, id) :
				  btf__add_volatile(btf, id);
	dsp_ctx(id, 0);
	ops(4);
	max_loops(1);
	percpu();
	end(dir, "deep");

	/* every other kind, before what is looked for */
	begin();
	btf__add_float(btf, "double", 8);
	btf__add_restrict(btf, ptr_id);
	btf__add_type_tag(btf, "rcu", u32_id);
	id = btf__add_func_proto(btf, u32_id);
	btf__add_func_param(btf, "rq", ptr_id);
	btf__add_func(btf, "balance_scx", BTF_FUNC_STATIC, id);
	btf__add_union(btf, "u", 8);
	btf__add_field(btf, "nr_tasks", u32_id, 0, 0);
	percpu();
	btf__add_decl_tag(btf, "kfunc", var_id, -1);
	dsp_ctx(u32_id, 0);
	ops(1);
	max_loops(32);
	end(dir, "kinds");

	for (n = 0; n < sizeof(forms) / sizeof(*forms); n++)
		write_form(dir, n);
	return 0;
}
