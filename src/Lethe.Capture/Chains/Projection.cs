namespace Lethe.Capture.Chains;

/// <summary>
/// What of a message is hashed: its words without what a harness rewrites from request to request. Version 1 is the projection of the
/// tapes project as of its session-tracking change, version 2 that of its newest state (2026-08). Version 1 is used: version 2 also
/// strips everyday tags such as &lt;status&gt;, &lt;summary&gt; and &lt;event&gt;, from tool outputs too, so that different messages would share one address.
/// </summary>
public sealed class Projection
{
    /// <summary>The version that is written beside every chain.</summary>
    public const int Version = 1;

    private static readonly string[] FirstTags =
    [
        "system-reminder", "command-name", "command-message", "command-args",
        "local-command-stdout", "local-command-stderr", "local-command-caveat",
    ];

    private static readonly string[] LaterTags =
    [
        "session", "conversation", "new-diagnostics", "task-notification", "status", "summary", "transcript", "event",
        "tool-use-id", "output-file", "task-id", "environment_context",
    ];

    public static readonly Projection V1 = new(1, FirstTags, projectsToolOutput: false);

    public static readonly Projection V2 = new(2, [.. FirstTags, .. LaterTags], projectsToolOutput: true);

    private readonly HarnessTag[] tags;

    private Projection(int number, string[] tags, bool projectsToolOutput)
    {
        Number = number;
        this.tags = [.. tags.Select(name => new HarnessTag(name))];
        ProjectsToolOutput = projectsToolOutput;
    }

    /// <summary>The one that <see cref="Version"/> names.</summary>
    public static Projection Current => V1;

    public int Number { get; }

    /// <summary>Whether tool outputs are projected as texts are.</summary>
    public bool ProjectsToolOutput { get; }

    /// <summary>The text without harness tags and without drift of blanks; the same string when there is nothing to take away.</summary>
    public string Project(string text)
    {
        foreach (var tag in tags)
        {
            text = tag.Strip(text);
        }

        return BlankDrift.Remove(text);
    }
}
