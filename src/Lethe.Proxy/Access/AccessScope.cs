namespace Lethe.Proxy.Access;

/// <summary>What a token lets its bearer do. None includes another.</summary>
internal static class AccessScope
{
    /// <summary>Ask: every GET of the admin listener.</summary>
    public const string Read = "read";

    /// <summary>Add: hand in turns, and use what lethe lends at the forwarding door.</summary>
    public const string Ingest = "ingest";

    /// <summary>Change or take away what is there.</summary>
    public const string Admin = "admin";

    public static readonly IReadOnlyList<string> All = [Read, Ingest, Admin];

    /// <summary>What a request to the admin listener needs. What is not known to be harmless needs the most.</summary>
    public static string NeededBy(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        {
            return Read;
        }

        return request.Path.StartsWithSegments("/v1/ingest") || request.Path.StartsWithSegments("/api/v1/ingest") ? Ingest : Admin;
    }
}
