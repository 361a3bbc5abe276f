using System.Collections.Frozen;

namespace Lethe.Proxy.Exec;

/// <summary>How a command is started so that its model calls pass through lethe. A pure function of the command line and its surroundings.</summary>
internal sealed record ExecPlan
{
    public required string Program { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Changes to the environment; null takes a variable away.</summary>
    public required IReadOnlyDictionary<string, string?> Environment { get; init; }

    /// <summary>Upstreams that this run needs to be elsewhere than configured, by name.</summary>
    public required IReadOnlyDictionary<string, UpstreamChoice> Upstreams { get; init; }

    /// <summary>Where the agent's calls go, and where that was read.</summary>
    public required IReadOnlyList<UpstreamRoute> Routes { get; init; }

    /// <summary>What a person should know: calls that will not pass through lethe, and why.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    public static ExecPlan Make(ExecEnvironment world, IReadOnlyList<string> command)
    {
        var draft = new ExecDraft(world, command);
        var agent = KnownAgent.Find(draft.Program);
        agent?.Point?.Invoke(draft);
        SdkVariables.Apply(draft, agent);
        return draft.ToPlan();
    }

    /// <summary>The plan with the door's real address.</summary>
    public ExecPlan At(string door)
    {
        door = door.TrimEnd('/');
        return this with
        {
            Arguments = [.. Arguments.Select(argument => argument.Replace(BaseAddresses.Door, door, StringComparison.Ordinal))],
            Environment = Environment.ToFrozenDictionary(pair => pair.Key, pair => pair.Value?.Replace(BaseAddresses.Door, door, StringComparison.Ordinal)),
        };
    }
}
