namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>
/// A request's path as the client sent it, and as an upstream may take it: percent-decoded, without dot segments, empty segments and parameters
/// (RFC 3986 §3.3, §6.2.2). A rule that looked at the first alone could be passed by.
/// </summary>
internal sealed class PathForms
{
    // Some APIs name the model in the path: …/models/NAME:generateContent, …/deployments/NAME/…, /model/NAME/converse.
    private static readonly string[] BeforeModels = ["/models/", "/deployments/", "/model/"];

    private readonly string target;
    private readonly string plain;

    /// <param name="target">Path and query.</param>
    public PathForms(string target)
    {
        this.target = target;
        var end = target.AsSpan().IndexOfAny('?', '#');
        Sent = end < 0 ? target : target[..end];
        plain = Plain(Uri.UnescapeDataString(Sent));
    }

    /// <summary>Without its query.</summary>
    public string Sent { get; }

    /// <summary>The models that it names.</summary>
    public IEnumerable<string> Models => from form in (string[])[Sent, plain]
                                         from before in BeforeModels
                                         let at = form.IndexOf(before, StringComparison.Ordinal)
                                         where at >= 0
                                         select Name(form.AsSpan(at + before.Length));

    public bool BeginsWith(string prefix) => target.StartsWith(prefix, StringComparison.Ordinal) || plain.StartsWith(prefix, StringComparison.Ordinal);

    private static string Name(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAny(':', '/');
        return Uri.UnescapeDataString(end < 0 ? rest : rest[..end]);
    }

    private static string Plain(string path)
    {
        var kept = new List<string>();
        var parts = path.Replace('\\', '/').Split('/');
        foreach (var part in parts)
        {
            var segment = part.Split(';')[0];
            if (segment == ".." && kept.Count > 0)
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (segment is not ("" or "." or ".."))
            {
                kept.Add(segment);
            }
        }

        var isOpen = kept.Count > 0 && parts[^1] is "" or "." or "..";
        return "/" + string.Join('/', kept) + (isOpen ? "/" : "");
    }
}
