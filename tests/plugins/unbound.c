/* unbound - calls what nobody has, and leaves it to the linker to notice. */
int nobody_has_this(void);
int unbound(void);

int unbound(void)
{
    return nobody_has_this();
}
