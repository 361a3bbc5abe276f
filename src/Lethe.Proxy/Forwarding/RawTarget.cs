namespace Lethe.Proxy.Forwarding;

/// <summary>The request target as the client wrote it (RFC 9112 §3.2), which decoding and encoding again would not give back.</summary>
internal static class RawTarget
{
    private const int DecodingsMax = 3;

    /// <summary>Path and query without <paramref name="prefix"/>; null when the target does not begin with it as written (it was percent-encoded).</summary>
    public static string? WithoutPrefix(string rawTarget, string prefix)
    {
        var target = OriginForm(rawTarget);
        if (prefix.Length == 0)
        {
            return target;
        }

        if (!target.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (target.Length == prefix.Length)
        {
            return "/";
        }

        return target[prefix.Length] switch
        {
            '/' => target[prefix.Length..],
            '?' => "/" + target[prefix.Length..],
            _ => null,
        };
    }

    public static (string Path, string Query) Split(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        return question < 0 ? (target, "") : (target[..question], target[question..]);
    }

    /// <summary>
    /// True when a server could read a way upwards out of the path: a dot segment (RFC 3986 §3.3), however often it is percent-encoded, with whatever
    /// separator, with or without parameters.
    /// </summary>
    public static bool HasDotSegments(string path)
    {
        var plain = path;
        for (var i = 0; i < DecodingsMax && plain.Contains('%', StringComparison.Ordinal); i++)
        {
            plain = Uri.UnescapeDataString(plain);
        }

        foreach (var range in plain.AsSpan().SplitAny('/', '\\'))
        {
            var segment = plain.AsSpan(range);
            var parameters = segment.IndexOf(';');
            if ((parameters < 0 ? segment : segment[..parameters]) is "." or "..")
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True for the absolute form (RFC 9112 §3.2.2), which a client writes that takes lethe for its HTTP proxy.</summary>
    public static bool IsAbsolute(string rawTarget) => !rawTarget.StartsWith('/') && rawTarget.Contains("://", StringComparison.Ordinal);

    private static string OriginForm(string rawTarget)
    {
        if (rawTarget.StartsWith('/'))
        {
            return rawTarget;
        }

        // A client that takes lethe for its HTTP proxy writes the absolute form.
        var authority = rawTarget.IndexOf("://", StringComparison.Ordinal);
        if (authority < 0)
        {
            return "/";
        }

        var end = rawTarget.AsSpan(authority + 3).IndexOfAny('/', '?');
        if (end < 0)
        {
            return "/";
        }

        var rest = rawTarget[(authority + 3 + end)..];
        return rest.StartsWith('?') ? "/" + rest : rest;
    }
}
