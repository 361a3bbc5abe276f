namespace Lethe.Capture.Harnesses;

/// <summary>
/// The kinds of signs, each with its weight in the vote. A header of its own outweighs all others together; a user agent is easily borrowed (Pi calls itself
/// claude-cli at times, and sends that program's other signs with it), what an agent's prompt says of the agent itself is not.
/// </summary>
internal enum Trust
{
    Borrowed = 2,
    Tools = 3,
    Prompt = 7,
    Title = 8,
    UserAgent = 20,
    OwnPrompt = 45,
    Originator = 50,
    OwnBodyField = 60,
    OwnHeader = 200,
}

/// <summary>One sign by which a harness is known.</summary>
internal sealed record Mark(Trust Trust, string Source, Func<WireEvidence, bool> Holds)
{
    /// <summary>A header that no other harness sends.</summary>
    public static Mark Header(string name) => new(Trust.OwnHeader, "header:" + name, wire => wire.Header(name) is not null);

    /// <summary>As <see cref="Header(string)"/>, whatever it holds.</summary>
    public static Mark RawHeader(string name) => new(Trust.OwnHeader, "header:" + name, wire => wire.RawHeader(name) is not null);

    /// <summary>A header whose value begins with these words.</summary>
    public static Mark Header(string name, string beginning, Trust trust = Trust.OwnHeader) => new(
        trust, "header:" + name, wire => wire.Header(name) is { } found && found.Value.StartsWith(beginning, StringComparison.OrdinalIgnoreCase));

    /// <summary>A field of the body that no other harness sends.</summary>
    public static Mark Body(string path) => new(Trust.OwnBodyField, "body:" + path, wire => wire.Body(path) is not null);

    /// <summary>The <c>originator</c> header, to the letter.</summary>
    public static Mark Originator(string name) => new(
        Trust.Originator, "header:originator", wire => string.Equals(wire.Header("originator")?.Value, name, StringComparison.OrdinalIgnoreCase));

    public static Mark UserAgent(string beginning) => Header("user-agent", beginning, Trust.UserAgent);

    public static Mark UserAgentSays(string words) => new(
        Trust.UserAgent, "header:user-agent", wire => wire.UserAgent is { } agent && agent.Contains(words, StringComparison.Ordinal));

    /// <summary>The application's name or site, as OpenRouter asks for it.</summary>
    public static Mark Title(string title) => Header("x-title", title, Trust.Title);

    public static Mark Site(string site) => Header("http-referer", site, Trust.Title);

    public static Mark Prompt(string words, Trust trust = Trust.Prompt) =>
        new(trust, "inference:system_prompt", wire => wire.Openings.Say(words));

    /// <summary>Tools that only this harness offers together.</summary>
    public static Mark Offers(params string[] names) => new(Trust.Tools, "inference:tool_names", wire => wire.Tools.Have(names));
}
