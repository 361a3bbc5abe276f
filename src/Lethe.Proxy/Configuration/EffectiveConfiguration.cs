using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace Lethe.Proxy.Configuration;

/// <summary>The configuration in force as JSON: every option with its value, and YARP's section where there is one.</summary>
internal static class EffectiveConfiguration
{
    private const string Mask = "***";

    private static readonly string[] SecretWords = ["key", "token", "secret", "password", "authorization", "connectionstring", "credential", "cookie"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Render(LetheSettings settings)
    {
        var root = new JsonObject { [LetheOptions.Section] = Masked("", JsonSerializer.SerializeToNode(settings.Options)) };
        var proxy = settings.Configuration.GetSection("ReverseProxy");
        if (proxy.Exists())
        {
            root["ReverseProxy"] = Masked("", Tree(proxy));
        }

        return root.ToJsonString(Indented);
    }

    private static JsonNode? Tree(IConfigurationSection section)
    {
        if (!section.GetChildren().Any())
        {
            return section.Value;
        }

        var tree = new JsonObject();
        foreach (var child in section.GetChildren())
        {
            tree[child.Key] = Tree(child);
        }

        return tree;
    }

    private static JsonNode? Masked(string name, JsonNode? node) => node switch
    {
        JsonObject tree => new JsonObject(tree.Select(pair => KeyValuePair.Create(pair.Key, Masked(pair.Key, pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(item => Masked(name, item))]),
        JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(Masked(name, text)),
        _ => node?.DeepClone(),
    };

    private static string Masked(string name, string text)
    {
        if (text.Length > 0 && Array.Exists(SecretWords, word => name.Contains(word, StringComparison.OrdinalIgnoreCase)))
        {
            return Mask;
        }

        // An address may carry user:password@.
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length > 0
            ? text.Replace(uri.UserInfo + "@", Mask + "@", StringComparison.Ordinal)
            : text;
    }
}
