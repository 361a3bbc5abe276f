namespace Lethe.Proxy.Exec;

/// <summary>A plan while agents' rules add to it.</summary>
internal sealed class ExecDraft
{
    public ExecDraft(ExecEnvironment world, IReadOnlyList<string> command)
    {
        World = world;
        Program = command[0];
        Arguments = [.. command.Skip(1)];
        Addresses = new BaseAddresses(world);
    }

    public ExecEnvironment World { get; }

    public string Program { get; }

    public List<string> Arguments { get; }

    public BaseAddresses Addresses { get; }

    public Dictionary<string, string?> Environment { get; } = [];

    public List<string> Notes { get; } = [];

    /// <summary>Points a base-URL variable at us; what it named before becomes the upstream.</summary>
    public void Set(string variable, string upstream, string path) =>
        Environment[variable] = Addresses.Through(upstream, World.Address(variable), path);

    public ExecPlan ToPlan() => new()
    {
        Program = Program,
        Arguments = Arguments,
        Environment = Environment,
        Upstreams = Addresses.Chosen,
        Routes = Addresses.Routes,
        Notes = Notes,
    };
}
