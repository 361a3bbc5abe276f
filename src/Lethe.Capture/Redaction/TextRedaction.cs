using System.Text;
using System.Text.RegularExpressions;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>Redacts short texts: header values, paths, attributes.</summary>
internal static partial class TextRedaction
{
    /// <summary>Known secret shapes, the userinfo of URLs and secret query parameters, each replaced by a mark.</summary>
    public static string Apply(string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            text = UserInfo().Replace(text, "://[redacted]@");
            var query = text.IndexOf('?', scheme);
            text = query < 0 ? text : text[..query] + QueryMask.Apply(text[query..]);
        }

        return Shapes(text);
    }

    /// <summary>Known secret shapes alone, escapes undone as in bodies.</summary>
    public static string Shapes(string text)
    {
        if (!text.AsSpan().ContainsAny(SecretShapes.Anchors) && text.AsSpan().IndexOfAny('\\', '%') < 0)
        {
            return text;
        }

        using var redactor = new StreamRedactor();
        using var output = new PooledBytes();
        redactor.Append(Encoding.UTF8.GetBytes(text), output);
        redactor.Complete(output);
        return redactor.Replaced == 0 ? text : Encoding.UTF8.GetString(output.ToArray());
    }

    [GeneratedRegex("://[^/?#\\s@]+@")]
    private static partial Regex UserInfo();
}
