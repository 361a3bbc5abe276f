using System.Buffers;

namespace Lethe.Capture.Redaction;

/// <summary>
/// The known shapes of secrets, in folded text (<see cref="FoldedText"/>): escapes are undone, and a byte that is no part of one is a character of its own.
/// </summary>
internal static class SecretShapes
{
    /// <summary>Longer runs are cut here: no credential is that long, and a stream's window must end somewhere.</summary>
    public const int SecretBytesMax = 16 * 1024;

    /// <summary>How much text before an anchor is looked at.</summary>
    public const int LookBehind = 16;

    private const string SlackWebhooks = "hooks.slack.com/services/";
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const string Digits = "0123456789";

    private static readonly SearchValues<char> Upper = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ" + Digits);
    private static readonly SearchValues<char> LowerHex = SearchValues.Create("abcdef" + Digits);
    private static readonly SearchValues<char> Alphanumeric = SearchValues.Create(Letters + Digits);
    private static readonly SearchValues<char> Word = SearchValues.Create(Letters + Digits + "_");
    private static readonly SearchValues<char> UrlSafe = SearchValues.Create(Letters + Digits + "_-");
    private static readonly SearchValues<char> Dotted = SearchValues.Create(Letters + Digits + "_-.");
    private static readonly SearchValues<char> PathSegments = SearchValues.Create(Letters + Digits + "/");
    private static readonly SearchValues<char> Base64 = SearchValues.Create(Letters + Digits + "+/=");
    private static readonly SearchValues<char> Token68 = SearchValues.Create(Letters + Digits + "-._~+/=");

    // Where two anchors begin at the same place, the first that accepts wins.
    private static readonly Shape[] Shapes =
    [
        Run("AKIA", "aws_access_key", Upper, 16, 16),
        Run("ASIA", "aws_access_key", Upper, 16, 16),
        Run("ghp_", "github_token", Alphanumeric, 20),
        Run("gho_", "github_token", Alphanumeric, 20),
        Run("ghs_", "github_token", Alphanumeric, 20),
        Run("ghu_", "github_token", Alphanumeric, 20),
        Run("ghr_", "github_token", Alphanumeric, 20),
        Run("github_pat_", "github_token", Word, 20),
        Run("glpat-", "gitlab_token", UrlSafe, 20),
        Run("npm_", "npm_token", Alphanumeric, 30, 40),
        Run("pypi-", "pypi_token", UrlSafe, 50),
        Run("dckr_pat_", "docker_token", UrlSafe, 20),
        Run("dapi", "databricks_token", LowerHex, 32, 32),
        Run("sk-ant-", "anthropic_key", UrlSafe, 12),
        Run("sk-proj-", "openai_key", UrlSafe, 12),
        Run("sk-svcacct-", "openai_key", UrlSafe, 12),
        Run("sk-admin-", "openai_key", UrlSafe, 12),
        Run("sk-or-v1-", "openrouter_key", UrlSafe, 12),
        new("sk-", (text, at, final) => SecretRuns.Named(text, at, "sk-", "api_key", UrlSafe, 20, final)),
        Run("AIza", "google_api_key", UrlSafe, 35, 35),
        new("AQ.", (text, at, final) => SecretRuns.Named(text, at, "AQ.", "google_api_key", UrlSafe, 30, final)),
        Run("ya29.", "google_oauth_token", UrlSafe, 20),
        Run("GOCSPX-", "google_oauth_secret", UrlSafe, 20),
        Run("gsk_", "groq_key", Alphanumeric, 40, 64),
        Run("xai-", "xai_key", Alphanumeric, 40, 100),
        Run("pplx-", "perplexity_key", Alphanumeric, 32, 64),
        Run("nvapi-", "nvidia_key", UrlSafe, 40, 100),
        Run("csk-", "cerebras_key", Alphanumeric, 32, 64),
        Run("r8_", "replicate_token", Alphanumeric, 32, 40),
        new("fw_", (text, at, final) => SecretRuns.Named(text, at, "fw_", "fireworks_key", Alphanumeric, 20, final, 32)),
        new("SG.", (text, at, final) => SecretRuns.SendGrid(text, at, Dotted, final)),
        Run("hf_", "huggingface_token", Alphanumeric, 30, 40),
        Run("xoxa-", "slack_token", UrlSafe, 10),
        Run("xoxb-", "slack_token", UrlSafe, 10),
        Run("xoxc-", "slack_token", UrlSafe, 10),
        Run("xoxd-", "slack_token", Token68, 10),
        Run("xoxe-", "slack_token", UrlSafe, 10),
        Run("xoxo-", "slack_token", UrlSafe, 10),
        Run("xoxp-", "slack_token", UrlSafe, 10),
        Run("xoxr-", "slack_token", UrlSafe, 10),
        Run("xoxs-", "slack_token", UrlSafe, 10),
        Run("xapp-", "slack_token", UrlSafe, 20),
        new(SlackWebhooks, (text, at, final) => SecretRuns.Plain(text, at + SlackWebhooks.Length, 0, "slack_webhook", PathSegments, 30, SecretBytesMax, final)),
        Run("sk_live_", "stripe_key", Alphanumeric, 10),
        Run("rk_live_", "stripe_key", Alphanumeric, 10),
        Run("sk_test_", "stripe_key", Alphanumeric, 10),
        Run("rk_test_", "stripe_key", Alphanumeric, 10),
        Run("whsec_", "stripe_webhook_secret", Base64, 16),
        new("Bearer ", (text, at, final) => SecretRuns.Bearer(text, at, Token68, final)),
        new("bearer ", (text, at, final) => SecretRuns.Bearer(text, at, Token68, final)),
        new("Basic ", (text, at, final) => BasicCredentials.Examine(text, at, Base64, final)),
        new("basic ", (text, at, final) => BasicCredentials.Examine(text, at, Base64, final)),
        new("eyJ", (text, at, final) => SecretRuns.JsonWebToken(text, at, UrlSafe, final)),
        new("://", UrlPasswords.Examine),
        new("-----BEGIN ", PrivateKeys.Examine),
        .. AssignedSecrets.Names.Select(name => new Shape(name, (text, at, final) => AssignedSecrets.Examine(text, at, name, final))),
    ];

    private static readonly Shape[][] ShapesByLetter =
        [.. Enumerable.Range(0, 128).Select(letter => Shapes.Where(shape => char.ToLowerInvariant(shape.Anchor[0]) == char.ToLowerInvariant((char)letter)).ToArray())];

    /// <summary>The text that a secret begins with, or that announces it, in whatever case.</summary>
    public static readonly SearchValues<string> Anchors = SearchValues.Create([.. Shapes.Select(shape => shape.Anchor)], StringComparison.OrdinalIgnoreCase);

    public static readonly int AnchorLengthMax = Shapes.Max(shape => shape.Anchor.Length);

    /// <summary>What begins at <paramref name="at"/>, where an anchor stands. Unless <paramref name="final"/>, more text may follow, and the answer never depends on what follows.</summary>
    public static Finding Examine(ReadOnlySpan<char> text, int at, bool final)
    {
        foreach (var shape in text[at] < ShapesByLetter.Length ? ShapesByLetter[text[at]] : [])
        {
            if (text[at..].StartsWith(shape.Anchor, shape.Comparison))
            {
                var finding = shape.Examine(text, at, final);
                if (finding.IsSecret || finding.IsUnsure)
                {
                    return finding;
                }
            }
            else if (!final && shape.Anchor.AsSpan().StartsWith(text[at..], shape.Comparison))
            {
                return Finding.Unsure;
            }
        }

        return Finding.Nothing;
    }

    private static Shape Run(string anchor, string kind, SearchValues<char> alphabet, int lengthMin, int lengthMax = SecretBytesMax) => new(
        anchor,
        (text, at, final) => SecretRuns.RunsInto(text, at) ? Finding.Nothing : SecretRuns.Plain(text, at, anchor.Length, kind, alphabet, lengthMin, lengthMax, final));

    private delegate Finding Examiner(ReadOnlySpan<char> text, int at, bool final);

    private sealed record Shape(string Anchor, Examiner Examine)
    {
        /// <summary>Names of secrets are written in any case; the beginnings of secrets in theirs.</summary>
        public StringComparison Comparison { get; } = AssignedSecrets.Names.Contains(Anchor) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
    }
}
