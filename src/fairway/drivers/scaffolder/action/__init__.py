"""Actions of Backstage's templates, on the files of one rendering.

Belongs here: which there are, what each does, the workspace that holds them in. Only the programs
import it, in the jail. Never here: the order of steps, findings. Start at
`fairway.drivers.scaffolder.action.table`.
"""
