namespace Lethe.Proxy.Forwarding;

/// <summary>The request target as the client wrote it (RFC 9112 §3.2), which decoding and encoding again would not give back.</summary>
internal static class RawTarget
{
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
