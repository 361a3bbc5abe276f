using System.Buffers;

namespace Lethe.Capture.Redaction;

/// <summary>The password in a URL (<c>postgres://user:password@host</c>), or the token that stands alone before the host.</summary>
internal static class UrlPasswords
{
    private const string Kind = "url_password";
    private const int UserInfoLengthMax = 1024;
    private const int TokenLengthMin = 20;

    private static readonly SearchValues<char> End = SearchValues.Create("\"'`<>\\ \t\r\n,;()[]{}|");

    public static Finding Examine(ReadOnlySpan<char> text, int at, bool final)
    {
        var start = at + "://".Length;
        var rest = text[start..Math.Min(text.Length, start + UserInfoLengthMax)];
        var length = rest.IndexOfAny(End);
        if (length < 0 && !final && rest.Length < UserInfoLengthMax)
        {
            return Finding.Unsure;
        }

        var url = length < 0 ? rest : rest[..length];
        var path = url.IndexOfAny('/', '?', '#');
        var host = (path < 0 ? url : url[..path]).LastIndexOf('@');
        var colon = url.IndexOf(':');
        if (host < 0)
        {
            // A slash in a password is escaped, and unfolded here; behind digits it follows a port.
            var isPassword = path > colon && colon >= 0 && url[(colon + 1)..path].ContainsAnyExceptInRange('0', '9');
            host = isPassword ? url.IndexOf('@') : -1;
        }

        if (host < 0)
        {
            return Finding.Nothing;
        }

        if (colon < 0 || colon > host)
        {
            return host >= TokenLengthMin && url[..host].ContainsAnyInRange('0', '9') ? new Finding(start, start + host, Kind) : Finding.Nothing;
        }

        return Placeholders.Is(url[(colon + 1)..host]) ? Finding.Nothing : new Finding(start + colon + 1, start + host, Kind);
    }
}
