using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>What a call's path (or, failing that, its bodies) says it is.</summary>
/// <param name="Name">As in the exchange record: <c>messages</c>, <c>chat_completions</c>, <c>responses</c>, …</param>
/// <param name="Dialect">Null for a call that is named and nothing else: nothing is said in it, or nobody here speaks its language.</param>
internal readonly record struct Endpoint(string Name, Operation Operation, Dialect? Dialect)
{
    /// <summary>False for a known API that no dialect here speaks.</summary>
    public bool IsSupported { get; private init; } = true;

    /// <summary>True when the path itself asks for a stream.</summary>
    public bool Streams { get; init; }

    /// <summary>The model that the path names; null when it names none.</summary>
    public string? Model { get; init; }

    /// <summary>What the path asks for by its id; null when it names none.</summary>
    public string? Item { get; init; }

    /// <summary>Whose API it is, where nobody says who answered.</summary>
    public string Vendor { get; init; } = "openai";

    /// <summary>True when its bodies may be anything (forms, sound, pictures), so that none is wrong.</summary>
    public bool IsOpaque { get; init; }

    /// <summary>Nothing is said in it: health probes, model lists, files, batches.</summary>
    public static Endpoint Other(string name) => new(name, Operation.Other, null);

    public static Endpoint Unsupported(string name) => new(name, Operation.Other, null) { IsSupported = false };
}

/// <summary>A call that a dialect speaks, by the end of its path: gateways put anything before it. The longest end that fits wins.</summary>
internal sealed record EndpointRule(string Suffix, string Name, Operation Operation)
{
    public string Method { get; init; } = "POST";

    /// <summary>What else stands in the path; null for nothing.</summary>
    public string? Within { get; init; }

    /// <summary>True when an id follows the suffix.</summary>
    public bool IsItem { get; init; }

    /// <summary>True when the path itself asks for a stream.</summary>
    public bool Streams { get; init; }

    /// <summary>Whose API it is, where nobody says who answered; null for the dialect's.</summary>
    public string? Vendor { get; init; }

    /// <summary>True when its bodies may be anything (forms, sound, pictures), so that none is wrong.</summary>
    public bool IsOpaque { get; init; }

    /// <summary>What the model's name stands behind in the path, up to the suffix; null where the path does not tell it.</summary>
    public string? ModelBehind { get; init; }

    /// <summary>The model that such a path names.</summary>
    public string? Model(string path)
    {
        var (from, until) = ModelBehind is null ? (-1, 0)
            : (path.IndexOf(ModelBehind, StringComparison.Ordinal), path.LastIndexOf(Suffix, StringComparison.OrdinalIgnoreCase));
        from += ModelBehind?.Length ?? 0;
        return ModelBehind is not null && from >= ModelBehind.Length && from < until ? Uri.UnescapeDataString(path[from..until]) : null;
    }

    /// <summary>The id between <see cref="Within"/> and the suffix.</summary>
    public string? Item(string path)
    {
        var (from, until) = Within is null ? (-1, 0) : (path.LastIndexOf(Within, StringComparison.Ordinal), path.Length - Suffix.Length);
        from += Within?.Length ?? 0;
        return Within is not null && from >= Within.Length && from < until ? path[from..until] : null;
    }

    public bool Accepts(string method, string path) =>
        method.Equals(Method, StringComparison.OrdinalIgnoreCase)
        && (Within is null || path.Contains(Within, StringComparison.Ordinal))
        && (IsItem ? path.LastIndexOf(Suffix, StringComparison.OrdinalIgnoreCase) is >= 0 and var at && path.IndexOf('/', at + Suffix.Length) < 0
            : path.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase));
}
