using System.Text;
using System.Text.RegularExpressions;

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

        return text.AsSpan().ContainsAny(SecretShapes.Anchors) ? ReplaceShapes(text) : text;
    }

    private static string ReplaceShapes(string text)
    {
        var redacted = new StringBuilder(text.Length);
        var released = 0;
        var at = 0;
        int anchor;
        while ((anchor = text.AsSpan(at).IndexOfAny(SecretShapes.Anchors)) >= 0)
        {
            at += anchor;
            var finding = SecretShapes.Examine(text, at, final: true);
            at++;
            if (finding.IsSecret)
            {
                redacted.Append(text, released, finding.Start - released).Append("[redacted:").Append(finding.Kind).Append(']');
                at = released = finding.End;
            }
        }

        return redacted.Append(text, released, text.Length - released).ToString();
    }

    [GeneratedRegex("://[^/?#\\s@]+@")]
    private static partial Regex UserInfo();
}
