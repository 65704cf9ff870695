// Which mutant fails which check.

/** The table as text, and the checks that no mutant fails. */
export function crossTable(lab, tasks) {
  const mutants = tasks.filter((task) => task.lab === lab && task.kind === 'mutant');
  const width = Math.max(8, ...mutants.map(({ name }) => name.length));
  const rows = mutants.map(({ name, result }) => {
    const cells = lab.checks.map(({ id }) => {
      const status = result.checks.find((each) => each.id === id)?.status;
      return (status === 'failed' ? '×' : status === 'passed' ? '·' : '?').padStart(id.length);
    });
    return `${name.padEnd(width)}  ${cells.join(' ')}`;
  });
  const ran = (id) =>
    mutants.some(({ result }) =>
      result.checks.some((each) => each.id === id && each.status !== 'not checked'),
    );
  const killed = (id) =>
    mutants.some(({ result }) =>
      result.checks.some((each) => each.id === id && each.status === 'failed'),
    );
  const dead = lab.checks.map(({ id }) => id).filter((id) => ran(id) && !killed(id));
  const head = `${''.padEnd(width)}  ${lab.checks.map(({ id }) => id).join(' ')}`;
  return { text: [`lab ${lab.number}: ${lab.title}`, head, ...rows].join('\n'), dead };
}
