using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding;

/// <summary>Names a call by the end of its path: gateways put anything before it.</summary>
internal static class EndpointPaths
{
    private const string StreamRawPredict = ":streamRawPredict";

    private static readonly (string Suffix, Endpoint Endpoint)[] Unspoken =
    [
        (":batchGenerateContent", Endpoint.Other("batches")),
        (":asyncBatchEmbedContent", Endpoint.Other("batches")),
        ("/generate", Endpoint.Unsupported("generate")),
    ];

    /// <summary>Resources that are managed, not talked to; matched as whole path segments.</summary>
    private static readonly (string Segment, string Name)[] Managed =
    [
        ("batches", "batches"), ("files", "files"), ("models", "models"), ("organization", "organization"), ("organizations", "organization"),
        ("fine_tuning", "fine_tuning"), ("vector_stores", "vector_stores"), ("assistants", "assistants"), ("threads", "threads"),
        ("conversations", "conversations"), ("cachedContents", "cached_contents"), ("uploads", "uploads"), ("skills", "skills"),
        ("usage", "usage"), ("tags", "models"), ("ps", "models"), ("show", "models"), ("version", "health"), ("hello", "health"),
        ("health", "health"), ("healthz", "health"), ("ping", "health"),
    ];

    /// <summary>Null when the path says nothing.</summary>
    public static Endpoint? Find(string method, string path)
    {
        path = Trim(path);
        var isPost = method.Equals("POST", StringComparison.OrdinalIgnoreCase);
        // /threads/{id}/messages is another API's; other such words before the end of a call's path are a gateway's.
        if (Resource(path, "threads") ? !path.EndsWith("/v1/messages", StringComparison.OrdinalIgnoreCase) : !isPost && Resource(path, "organization"))
        {
            return ManagedEndpoint(path);
        }

        if (isPost)
        {
            return BySuffix(method, path) ?? (IsRawPrediction(path) ? null : Stored(path) ?? ManagedEndpoint(path));
        }

        return Dialects.ByPath(method, path)?.Endpoint ?? Stored(path) ?? ManagedEndpoint(path) ?? (IsProbe(method, path) ? Endpoint.Other("health") : null);
    }

    /// <summary>The model that a path names (Vertex, Azure deployments); null when it names none.</summary>
    public static string? Model(string path) => After(path, "/deployments/", '/') ?? (path.Contains("/publishers/", StringComparison.Ordinal) ? After(path, "/models/", ':') : null);

    /// <summary>A call that was known by its bodies, with what its path says of it.</summary>
    public static Endpoint? Carried(Endpoint? found, string path)
    {
        path = Trim(path);
        return found is { } endpoint && IsRawPrediction(path)
            ? endpoint with { Vendor = "vertex", Streams = path.EndsWith(StreamRawPredict, StringComparison.OrdinalIgnoreCase) }
            : found;
    }

    private static string Trim(string path)
    {
        var query = path.IndexOf('?', StringComparison.Ordinal);
        return (query < 0 ? path : path[..query]).TrimEnd('/');
    }

    /// <summary>The longest end that fits, of what is spoken here and of what is only known.</summary>
    private static Endpoint? BySuffix(string method, string path)
    {
        var spoken = Dialects.ByPath(method, path);
        var (found, length) = spoken is var (endpoint, suffixLength) ? ((Endpoint?)endpoint, suffixLength) : (null, 0);
        foreach (var (suffix, unspoken) in Unspoken)
        {
            if (suffix.Length > length && path.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                (found, length) = (unspoken, suffix.Length);
            }
        }

        return found;
    }

    /// <summary>A stored answer that is changed, cancelled or deleted.</summary>
    private static Endpoint? Stored(string path) =>
        path.Contains("/responses/", StringComparison.OrdinalIgnoreCase) ? Endpoint.Other("responses_stored")
        : path.Contains("/interactions/", StringComparison.OrdinalIgnoreCase) ? Endpoint.Other("interactions_stored")
        : path.Contains("/chat/completions/", StringComparison.OrdinalIgnoreCase) ? Endpoint.Other("chat_completions_stored")
        : null;

    private static Endpoint? ManagedEndpoint(string path)
    {
        foreach (var (segment, name) in Managed)
        {
            if (Resource(path, segment))
            {
                return Endpoint.Other(name);
            }
        }

        return null;
    }

    /// <summary>What Vertex AI carries to a model in the model's own language, which the bodies tell.</summary>
    private static bool IsRawPrediction(string path) =>
        path.EndsWith(":rawPredict", StringComparison.OrdinalIgnoreCase) || path.EndsWith(StreamRawPredict, StringComparison.OrdinalIgnoreCase);

    private static bool IsProbe(string method, string path) =>
        method.Equals("HEAD", StringComparison.OrdinalIgnoreCase) || (path.Length == 0 && method.Equals("GET", StringComparison.OrdinalIgnoreCase));

    private static bool Resource(string path, string segment)
    {
        foreach (var part in path.AsSpan().Split('/'))
        {
            if (part.Start.Value > 0 && path.AsSpan(part).Equals(segment, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string? After(string path, string mark, char until)
    {
        var at = path.IndexOf(mark, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var rest = path[(at + mark.Length)..];
        var end = rest.IndexOf(until, StringComparison.Ordinal);
        return Uri.UnescapeDataString(end < 0 ? rest : rest[..end]);
    }
}
