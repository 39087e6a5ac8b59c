/* not_a_plugin - a shared object like any other. */
int not_a_plugin(void);

int not_a_plugin(void)
{
    return 42;
}
