// The default theme, with our colours and the components of the site's own pages.
import DefaultTheme from 'vitepress/theme';
import { h } from 'vue';
import HeroPicture from '../../components/HeroPicture.vue';
import LiveTrace from '../../components/LiveTrace.vue';
import ThemedPicture from '../../components/ThemedPicture.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'home-hero-image': () => h(HeroPicture) }),
  enhanceApp({ app }) {
    app.component('LiveTrace', LiveTrace);
    app.component('ThemedPicture', ThemedPicture);
  },
};
