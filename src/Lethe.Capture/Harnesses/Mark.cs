namespace Lethe.Capture.Harnesses;

/// <summary>How far a sign is to be trusted, strongest first. A user agent is easily borrowed: Pi calls itself claude-cli at times.</summary>
internal enum Trust
{
    OwnHeader,
    OwnBodyField,
    Originator,
    OwnPrompt,
    UserAgent,
    Title,
    Prompt,
    Tools,
}

/// <summary>One sign by which a harness is known.</summary>
internal sealed record Mark(Trust Trust, string Source, Func<WireEvidence, bool> Holds)
{
    /// <summary>A header that no other harness sends.</summary>
    public static Mark Header(string name) => new(Trust.OwnHeader, "header:" + name, wire => wire.Header(name) is not null);

    /// <summary>A header whose value begins with these words.</summary>
    public static Mark Header(string name, string beginning, Trust trust = Trust.OwnHeader) => new(
        trust, "header:" + name, wire => wire.Header(name) is { } found && found.Value.StartsWith(beginning, StringComparison.OrdinalIgnoreCase));

    /// <summary>The <c>originator</c> header, to the letter.</summary>
    public static Mark Originator(string name) => new(
        Trust.Originator, "header:originator", wire => string.Equals(wire.Header("originator")?.Value, name, StringComparison.OrdinalIgnoreCase));

    public static Mark UserAgent(string beginning) => Header("user-agent", beginning, Trust.UserAgent);

    /// <summary>The application's name or site, as OpenRouter asks for it.</summary>
    public static Mark Title(string title) => Header("x-title", title, Trust.Title);

    public static Mark Site(string site) => Header("http-referer", site, Trust.Title);

    public static Mark Prompt(string words, Trust trust = Trust.Prompt) =>
        new(trust, "inference:system_prompt", wire => wire.Openings.Say(words));
}
