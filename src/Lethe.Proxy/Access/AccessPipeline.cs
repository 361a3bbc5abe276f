using Lethe.Proxy.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Lethe.Proxy.Access;

/// <summary>Who may come in by which door.</summary>
internal static class AccessPipeline
{
    public static void AddAccess(this IServiceCollection services, LetheOptions options)
    {
        if (options.Oidc.Authority is not null)
        {
            services.TryAddSingleton<OidcIssuer>();
            if (options.Oidc.ClientId is not null)
            {
                services.TryAddSingleton<CodeFlow>();
            }
        }

        services.TryAddSingleton(provider => new TokenFile(provider.GetRequiredService<LetheOptions>().DataDirectory, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<TokenBook>();
        services.TryAddSingleton<TokenRule>();
        services.TryAddSingleton<TrustedPeers>();
        services.TryAddSingleton(provider => new TokenGuard(
            provider.GetRequiredService<TokenBook>(),
            provider.GetRequiredService<TokenRule>(),
            provider.GetRequiredService<TrustedPeers>(),
            provider.GetService<OidcIssuer>(),
            provider.GetRequiredService<ILogger<TokenGuard>>()));
        services.TryAddSingleton<LendingGuard>();
        services.TryAddSingleton<OwnNames>();
    }

    /// <summary>Keeps foreign web pages out of a door.</summary>
    public static void UseSiteGuard(this IApplicationBuilder branch, HostRule hosts, bool takesLinks = false)
    {
        var guard = new SiteGuard(branch.ApplicationServices.GetRequiredService<OwnNames>(), hosts, takesLinks);
        branch.Use((HttpContext context, RequestDelegate next) => guard.InvokeAsync(context, next));
    }

    /// <summary>Asks for a token where lethe lends something to a call; after routing, in YARP's pipeline.</summary>
    public static void UseLendingGuard(this IApplicationBuilder proxy)
    {
        var guard = proxy.ApplicationServices.GetRequiredService<LendingGuard>();
        proxy.Use((HttpContext context, RequestDelegate next) => guard.InvokeAsync(context, next));
    }

    /// <summary>Asks for a bearer token where one is needed.</summary>
    public static void UseTokenGuard(this IApplicationBuilder branch)
    {
        var guard = branch.ApplicationServices.GetRequiredService<TokenGuard>();
        branch.Use((HttpContext context, RequestDelegate next) => guard.InvokeAsync(context, next));
    }
}
