using System.Runtime.InteropServices;
using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Harnesses;

/// <summary>What a call says about who made it, read with suspicion: bounded, without control characters, never an exception.</summary>
internal sealed class WireEvidence
{
    private const string InHeader = "header:";
    private const string InBody = "body:";

    private readonly Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
    private readonly JsonElement? body;
    private SystemOpenings? openings;
    private LastWords? lastWords;
    private ToolSet? tools;

    public WireEvidence(CapturedExchange exchange, JsonElement? body)
    {
        this.body = body is { ValueKind: JsonValueKind.Object } ? body : null;
        Path = exchange.Path;
        foreach (var header in exchange.RequestHeaders)
        {
            headers.TryAdd(header.Name, header.Value);
        }

        UserAgent = Header("user-agent", WireLimits.UserAgentCharsMax)?.Value;
    }

    public string Path { get; }

    public string? UserAgent { get; }

    /// <summary>The beginnings of the system prompt's texts.</summary>
    public SystemOpenings Openings => openings ??= new SystemOpenings(body);

    /// <summary>The beginnings of what was said last.</summary>
    public LastWords LastWords => lastWords ??= new LastWords(this);

    public ToolSet Tools => tools ??= new ToolSet(this);

    /// <summary>The first of these places that tells something: <c>header:name</c> or <c>body:path</c>.</summary>
    public Clue? At(string[] places)
    {
        foreach (var place in places)
        {
            if ((place.StartsWith(InHeader, StringComparison.Ordinal) ? Header(place[InHeader.Length..]) : Body(place[InBody.Length..])) is { } clue)
            {
                return clue;
            }
        }

        return null;
    }

    /// <summary>The first header of that name, as it came; null when there is none.</summary>
    public string? RawHeader(string name) => headers.GetValueOrDefault(name);

    /// <summary>The first header of that name; null when absent, blank, too long or not clean.</summary>
    public Clue? Header(string name, int charsMax = WireLimits.IdCharsMax) =>
        headers.TryGetValue(name, out var value) && WireLimits.Allows(value, charsMax) ? new Clue(value.Trim(), "header:" + name) : null;

    /// <summary>The first of these headers that is there.</summary>
    public Clue? AnyHeader(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Header(name) is { } clue)
            {
                return clue;
            }
        }

        return null;
    }

    /// <summary>The text at that dotted path of the request body; null when absent, not a string, blank, too long or not clean.</summary>
    public Clue? Body(string path, int charsMax = WireLimits.IdCharsMax) =>
        BodyValue(path) is { } value && Text(value, charsMax) is { } text ? new Clue(text, "body:" + path) : null;

    /// <summary>The value at that dotted path of the request body, or null.</summary>
    public JsonElement? BodyValue(string path)
    {
        var value = body;
        foreach (var part in path.AsSpan().Split('.'))
        {
            value = Member(value, path.AsSpan(part));
        }

        return value;
    }

    /// <summary>The version that follows a product's name in the user agent: <c>codex_exec/0.169.0 (…)</c> gives 0.169.0.</summary>
    public Clue? Version(string product)
    {
        if (UserAgent is not { } agent || !agent.StartsWith(product, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var rest = agent.AsSpan(product.Length);
        var slash = rest.IndexOf('/');
        if (slash < 0)
        {
            return null;
        }

        rest = rest[(slash + 1)..];
        var end = rest.IndexOfAny(" /;(");
        var version = end < 0 ? rest : rest[..end];
        return version.IsEmpty ? null : new Clue(version.ToString(), "header:user-agent");
    }

    /// <summary>Parses a small JSON object inside a header or field; null when it is none.</summary>
    public static JsonElement? Embedded(string? json)
    {
        if (json is null || json.Length > WireLimits.EmbeddedJsonCharsMax || !json.AsSpan().TrimStart().StartsWith("{"))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = WireLimits.EmbeddedJsonDepthMax });
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A string member of a JSON object; null when absent, blank, too long or not clean.</summary>
    public static string? Text(JsonElement? holder, string name) =>
        Member(holder, name) is { } value ? Text(value, WireLimits.IdCharsMax) : null;

    /// <summary>A member of a JSON object, or null.</summary>
    public static JsonElement? Member(JsonElement? holder, ReadOnlySpan<char> name)
    {
        try
        {
            return holder is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var value) ? value : null;
        }
        catch (InvalidOperationException)
        {
            // A sibling's name holds half of a surrogate pair, which System.Text.Json refuses to compare.
            return null;
        }
    }

    private static string? Text(JsonElement value, int charsMax)
    {
        // Six bytes are the longest spelling of one UTF-16 code unit.
        if (value.ValueKind != JsonValueKind.String || JsonMarshal.GetRawUtf8Value(value).Length > (charsMax * 6) + 2)
        {
            return null;
        }

        try
        {
            return value.GetString() is { } text && WireLimits.Allows(text, charsMax) ? text : null;
        }
        catch (InvalidOperationException)
        {
            // Invalid UTF-8 or half of a surrogate pair.
            return null;
        }
    }
}
